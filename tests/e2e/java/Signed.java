// The Java SDK, v2. Expects the environment of tests/e2e/run, and the SDK on the class path; with an argument, that every
// request is refused with the exception of that name.
//
//   java -cp 'LIBRARIES/*' Signed.java [EXCEPTION]

import java.net.URI;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;

public class Signed {
    private static final String TABLE = "java-" + ProcessHandle.current().pid();
    private static final String TEXT = "a b+c/d=é€𐍈 %41 \"\\\n";

    public static void main(String[] arguments) {
        var key = AwsBasicCredentials.create(System.getenv("AWS_ACCESS_KEY_ID"), System.getenv("AWS_SECRET_ACCESS_KEY"));
        try (var client = DynamoDbClient.builder()
                .endpointOverride(URI.create(System.getenv("AWS_ENDPOINT_URL")))
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(key))
                .overrideConfiguration(configuration -> configuration.retryStrategy(RetryMode.STANDARD))
                .httpClientBuilder(UrlConnectionHttpClient.builder())
                .build()) {
            if (arguments.length > 0) {
                refused(client, arguments[0]);
            } else {
                items(client);
            }
        }
    }

    private static void items(DynamoDbClient client) {
        client.createTable(table -> table.tableName(TABLE).billingMode(BillingMode.PAY_PER_REQUEST)
            .attributeDefinitions(attribute -> attribute.attributeName("pk").attributeType(ScalarAttributeType.S))
            .keySchema(element -> element.attributeName("pk").keyType(KeyType.HASH)));
        client.waiter().waitUntilTableExists(table -> table.tableName(TABLE));
        var item = Map.of("pk", AttributeValue.fromS(TEXT), "n", AttributeValue.fromN("1"));
        client.putItem(put -> put.tableName(TABLE).item(item));
        var key = Map.of("pk", AttributeValue.fromS(TEXT));
        var found = client.getItem(get -> get.tableName(TABLE).key(key)).item();
        if (!found.equals(item)) {
            throw new AssertionError(found);
        }
        client.deleteTable(table -> table.tableName(TABLE));
    }

    private static void refused(DynamoDbClient client, String exception) {
        try {
            client.listTables();
        } catch (DynamoDbException error) {
            if (error.awsErrorDetails().errorCode().equals(exception)) {
                return;
            }
            throw error;
        }
        throw new AssertionError("was answered");
    }
}

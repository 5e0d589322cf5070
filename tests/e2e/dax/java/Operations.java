import java.util.*;
import software.amazon.awssdk.auth.credentials.*;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.*;
import software.amazon.dax.ClusterDaxAsyncClient;
import software.amazon.dax.Configuration;

/** The ten operations of DAX with the client for Java, version 2. */
public class Operations {
    static DynamoDbAsyncClient dax;
    static String table;

    static AttributeValue s(String v) { return AttributeValue.builder().s(v).build(); }
    static AttributeValue n(String v) { return AttributeValue.builder().n(v).build(); }
    static Map<String, AttributeValue> key(int sk) { return new HashMap<>(Map.of("pk", s("java"), "sk", n("" + sk))); }
    static Map<String, AttributeValue> with(Map<String, AttributeValue> key, String name, AttributeValue value) {
        Map<String, AttributeValue> all = new HashMap<>(key); all.put(name, value); return all;
    }
    static void check(boolean ok, Object what) { if (!ok) throw new AssertionError(String.valueOf(what)); }
    static <T extends Throwable> T refused(Class<T> type, java.util.concurrent.CompletableFuture<?> call) {
        try { call.join(); } catch (java.util.concurrent.CompletionException e) {
            if (type.isInstance(e.getCause())) return type.cast(e.getCause());
            throw e;
        }
        throw new AssertionError("not refused: " + type);
    }

    public static void main(String[] args) throws Exception {
        table = args[1];
        dax = ClusterDaxAsyncClient.builder().overrideConfiguration(Configuration.builder().url(args[0]).region(Region.US_EAST_1)
            .skipHostNameVerification(true)
            .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(System.getenv("AWS_ACCESS_KEY_ID"), System.getenv("AWS_SECRET_ACCESS_KEY")))).build()).build();
        Map<String, AttributeValue> full = new HashMap<>(key(1));
        full.put("s", s("text")); full.put("n", n("1.50")); full.put("big", n("12345678901234567890123456789012345678"));
        full.put("t", AttributeValue.builder().bool(true).build()); full.put("nul", AttributeValue.builder().nul(true).build());
        full.put("b", AttributeValue.builder().b(SdkBytes.fromByteArray(new byte[]{0, -1})).build());
        full.put("ss", AttributeValue.builder().ss("a", "b").build()); full.put("ns", AttributeValue.builder().ns("1", "2.5").build());
        full.put("l", AttributeValue.builder().l(s("x"), n("2"), AttributeValue.builder().m(Map.of("k", s("v"))).build()).build());
        full.put("g", s("g1"));
        check(dax.putItem(r -> r.tableName(table).item(full).returnConsumedCapacity("TOTAL")).join().consumedCapacity() != null, "capacity");
        Map<String, AttributeValue> got = dax.getItem(r -> r.tableName(table).key(key(1))).join().item();
        check(got.keySet().equals(full.keySet()) && got.get("ss").ss().size() == 2, got);
        got = dax.getItem(r -> r.tableName(table).key(key(1)).projectionExpression("s, l[2].k")).join().item();
        check(got.size() == 2, got);
        check(!dax.getItem(r -> r.tableName(table).key(key(99))).join().hasItem(), "no item");
        got = dax.updateItem(r -> r.tableName(table).key(key(1)).updateExpression("SET n = n + :o REMOVE b").conditionExpression("attribute_exists(pk)")
            .expressionAttributeValues(Map.of(":o", n("1"))).returnValues("UPDATED_NEW")).join().attributes();
        check(got.get("n").n().equals("2.5"), got);
        got = dax.updateItem(r -> r.tableName(table).key(key(1)).updateExpression("SET n = :o").expressionAttributeValues(Map.of(":o", n("7"))).returnValues("ALL_NEW")).join().attributes();
        check(got.get("n").n().equals("7") && got.containsKey("pk"), got);
        refused(ConditionalCheckFailedException.class, dax.putItem(r -> r.tableName(table).item(key(1)).conditionExpression("attribute_not_exists(pk)")));
        refused(ResourceNotFoundException.class, dax.getItem(r -> r.tableName("NoSuchTable").key(key(1))));
        List<WriteRequest> writes = new ArrayList<>();
        for (int v = 2; v <= 3; v++) {
            Map<String, AttributeValue> one = with(with(key(v), "v", n("" + v)), "g", s("java"));
            writes.add(WriteRequest.builder().putRequest(p -> p.item(one)).build());
        }
        writes.add(WriteRequest.builder().deleteRequest(d -> d.key(key(98))).build());
        check(dax.batchWriteItem(r -> r.requestItems(Map.of(table, writes))).join().unprocessedItems().isEmpty(), "unprocessed");
        BatchGetItemResponse gets = dax.batchGetItem(r -> r.requestItems(Map.of(table, KeysAndAttributes.builder().keys(List.of(key(2), key(3), key(77))).build()))).join();
        check(gets.responses().get(table).size() == 2, gets);
        QueryResponse page = dax.query(r -> r.tableName(table).keyConditionExpression("pk = :p AND sk > :s").expressionAttributeValues(Map.of(":p", s("java"), ":s", n("0"))).limit(2).returnConsumedCapacity("TOTAL")).join();
        check(page.count() == 2 && page.hasLastEvaluatedKey(), page);
        Map<String, AttributeValue> last = page.lastEvaluatedKey();
        page = dax.query(r -> r.tableName(table).keyConditionExpression("pk = :p").projectionExpression("v").expressionAttributeValues(Map.of(":p", s("java"))).exclusiveStartKey(last)).join();
        check(page.count() == 1 && page.items().get(0).equals(Map.of("v", n("3"))), page);
        page = dax.query(r -> r.tableName(table).indexName("index").keyConditionExpression("g = :g").expressionAttributeValues(Map.of(":g", s("java"))).limit(1)).join();
        check(page.count() == 1 && page.lastEvaluatedKey().size() == 3, page);
        check(dax.scan(r -> r.tableName(table).filterExpression("pk = :p").expressionAttributeValues(Map.of(":p", s("java")))).join().count() == 3, "scan");
        dax.transactWriteItems(r -> r.returnConsumedCapacity("TOTAL").transactItems(
            TransactWriteItem.builder().put(p -> p.tableName(table).item(with(key(5), "v", n("5")))).build(),
            TransactWriteItem.builder().update(u -> u.tableName(table).key(key(2)).updateExpression("SET v = :v").expressionAttributeValues(Map.of(":v", n("22")))).build(),
            TransactWriteItem.builder().conditionCheck(c -> c.tableName(table).key(key(3)).conditionExpression("attribute_exists(pk)")).build(),
            TransactWriteItem.builder().delete(d -> d.tableName(table).key(key(97))).build())).join();
        TransactGetItemsResponse reads = dax.transactGetItems(r -> r.returnConsumedCapacity("TOTAL").transactItems(TransactGetItem.builder().get(g -> g.tableName(table).key(key(5))).build(),
            TransactGetItem.builder().get(g -> g.tableName(table).key(key(96))).build(),
            TransactGetItem.builder().get(g -> g.tableName(table).key(key(2)).projectionExpression("v")).build())).join();
        check(reads.responses().get(0).item().get("v").n().equals("5") && reads.responses().get(2).item().equals(Map.of("v", n("22"))), reads);
        TransactionCanceledException canceled = refused(TransactionCanceledException.class, dax.transactWriteItems(r -> r.transactItems(
            TransactWriteItem.builder().put(p -> p.tableName(table).item(key(6))).build(),
            TransactWriteItem.builder().conditionCheck(c -> c.tableName(table).key(key(3)).conditionExpression("v = :v").expressionAttributeValues(Map.of(":v", n("4")))
                .returnValuesOnConditionCheckFailure("ALL_OLD")).build())));
        check(canceled.cancellationReasons().get(1).code().equals("ConditionalCheckFailed") && canceled.cancellationReasons().get(1).item().get("v").n().equals("3"), canceled.cancellationReasons());
        got = dax.deleteItem(r -> r.tableName(table).key(key(3)).returnValues("ALL_OLD")).join().attributes();
        check(got.get("v").n().equals("3"), got);
        System.out.println("ok");
        System.exit(0);
    }
}

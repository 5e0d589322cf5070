// The Go SDK, v2. Expects the environment of tests/e2e/run; with an argument, that every request is refused with the
// exception of that name.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

const text = "a b+c/d=é€𐍈 %41 \"\\\n"

func main() {
	ctx, done := context.WithTimeout(context.Background(), time.Minute)
	defer done()
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	client := dynamodb.NewFromConfig(settings)
	if len(os.Args) > 1 {
		err = refused(ctx, client, os.Args[1])
	} else {
		err = items(ctx, client)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func items(ctx context.Context, client *dynamodb.Client) error {
	table := aws.String(fmt.Sprintf("go-%d", os.Getpid()))
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            table,
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: "HASH"}},
	})
	if err != nil {
		return err
	}
	waiter := dynamodb.NewTableExistsWaiter(client)
	if err := waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: table}, 30*time.Second); err != nil {
		return err
	}
	key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: text}}
	item := map[string]types.AttributeValue{"pk": key["pk"], "n": &types.AttributeValueMemberN{Value: "1"}}
	if _, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: item}); err != nil {
		return err
	}
	found, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key})
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(found.Item, item) {
		return fmt.Errorf("another item: %v", found.Item)
	}
	_, err = client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: table})
	return err
}

func refused(ctx context.Context, client *dynamodb.Client, exception string) error {
	_, err := client.ListTables(ctx, &dynamodb.ListTablesInput{})
	var said smithy.APIError
	if errors.As(err, &said) && said.ErrorCode() == exception {
		return nil
	}
	return fmt.Errorf("%s was expected: %v", exception, err)
}

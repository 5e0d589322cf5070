// The ten operations of DAX with the client for Go.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-dax-go-v2/dax"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type item = map[string]types.AttributeValue

func s(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
func n(v string) types.AttributeValue { return &types.AttributeValueMemberN{Value: v} }

func key(sk string) item { return item{"pk": s("go"), "sk": n(sk)} }

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatalf("failed: %v", err)
	}
	return value
}

func check(ok bool, what ...any) {
	if !ok {
		log.Fatal(what...)
	}
}

func main() {
	cfg := dax.DefaultConfig()
	cfg.HostPorts = []string{os.Args[1]}
	cfg.Region = "us-east-1"
	cfg.Credentials = credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), "")
	cfg.SkipHostnameVerification = true
	client := must(dax.New(cfg))
	defer client.Close()
	ctx := context.Background()
	table := aws.String(os.Args[2])
	full := item{"pk": s("go"), "sk": n("1"), "s": s("text"), "n": n("1.5"), "big": n("12345678901234567890123456789012345678"),
		"t": &types.AttributeValueMemberBOOL{Value: true}, "nul": &types.AttributeValueMemberNULL{Value: true},
		"b": &types.AttributeValueMemberB{Value: []byte{0, 255}}, "ss": &types.AttributeValueMemberSS{Value: []string{"a", "b"}},
		"ns": &types.AttributeValueMemberNS{Value: []string{"1", "2.5"}}, "g": s("g1"),
		"l": &types.AttributeValueMemberL{Value: []types.AttributeValue{s("x"), n("2"), &types.AttributeValueMemberM{Value: item{"k": s("v")}}}}}
	put := must(client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: full, ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes}))
	check(put.ConsumedCapacity != nil, "capacity")
	got := must(client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key("1")})).Item
	check(len(got) == len(full), got)
	check(got["big"].(*types.AttributeValueMemberN).Value == "12345678901234567890123456789012345678", got["big"])
	part := must(client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key("1"), ProjectionExpression: aws.String("s, l[2].k")})).Item
	check(len(part) == 2, part)
	check(len(must(client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key("99")})).Item) == 0)
	up := must(client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: table, Key: key("1"), UpdateExpression: aws.String("SET n = n + :o REMOVE b"),
		ConditionExpression: aws.String("attribute_exists(pk)"), ExpressionAttributeValues: item{":o": n("1")}, ReturnValues: types.ReturnValueUpdatedNew}))
	check(up.Attributes["n"] != nil, up)
	up = must(client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: table, Key: key("1"), UpdateExpression: aws.String("SET m = :o"),
		ExpressionAttributeValues: item{":o": n("1")}, ReturnValues: types.ReturnValueAllNew}))
	check(up.Attributes["pk"] != nil && up.Attributes["m"] != nil, up)
	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: key("1"), ConditionExpression: aws.String("attribute_not_exists(pk)")})
	var failed *types.ConditionalCheckFailedException
	check(errors.As(err, &failed), err)
	_, err = client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("NoSuchTable"), Key: key("1")})
	var missing *types.ResourceNotFoundException
	check(errors.As(err, &missing), err)
	batch := must(client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*table: {
		{PutRequest: &types.PutRequest{Item: item{"pk": s("go"), "sk": n("2"), "v": n("2"), "g": s("g2")}}},
		{PutRequest: &types.PutRequest{Item: item{"pk": s("go"), "sk": n("3"), "v": n("3"), "g": s("g2")}}},
		{DeleteRequest: &types.DeleteRequest{Key: key("98")}}}}}))
	check(len(batch.UnprocessedItems) == 0, batch)
	gets := must(client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{*table: {Keys: []item{key("2"), key("3"), key("77")}}}}))
	check(len(gets.Responses[*table]) == 2, gets)
	page := must(client.Query(ctx, &dynamodb.QueryInput{TableName: table, KeyConditionExpression: aws.String("pk = :p AND sk > :s"),
		ExpressionAttributeValues: item{":p": s("go"), ":s": n("0")}, Limit: aws.Int32(2), ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal}))
	check(page.Count == 2 && page.LastEvaluatedKey != nil, page)
	page = must(client.Query(ctx, &dynamodb.QueryInput{TableName: table, KeyConditionExpression: aws.String("pk = :p"), ProjectionExpression: aws.String("v"),
		ExpressionAttributeValues: item{":p": s("go")}, ExclusiveStartKey: page.LastEvaluatedKey}))
	check(page.Count == 1 && len(page.Items[0]) == 1, page)
	page = must(client.Query(ctx, &dynamodb.QueryInput{TableName: table, IndexName: aws.String("index"), KeyConditionExpression: aws.String("g = :p"),
		ExpressionAttributeValues: item{":p": s("g2")}, Limit: aws.Int32(1)}))
	check(page.Count == 1 && len(page.LastEvaluatedKey) == 3, page)
	scan := must(client.Scan(ctx, &dynamodb.ScanInput{TableName: table, FilterExpression: aws.String("attribute_exists(v)")}))
	check(scan.Count >= 2, scan)
	must(client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: table, Item: item{"pk": s("go"), "sk": n("5"), "v": n("5")}}},
		{Update: &types.Update{TableName: table, Key: key("2"), UpdateExpression: aws.String("SET v = :v"), ExpressionAttributeValues: item{":v": n("22")}}},
		{ConditionCheck: &types.ConditionCheck{TableName: table, Key: key("3"), ConditionExpression: aws.String("attribute_exists(pk)")}},
		{Delete: &types.Delete{TableName: table, Key: key("97")}}}, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal}))
	tget := must(client.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
		{Get: &types.Get{TableName: table, Key: key("5")}}, {Get: &types.Get{TableName: table, Key: key("96")}},
		{Get: &types.Get{TableName: table, Key: key("2"), ProjectionExpression: aws.String("v")}}}, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal}))
	check(len(tget.Responses) == 3 && len(tget.Responses[0].Item) == 3 && len(tget.Responses[2].Item) == 1, fmt.Sprint(tget.Responses))
	_, err = client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: table, Item: item{"pk": s("go"), "sk": n("6")}}},
		{ConditionCheck: &types.ConditionCheck{TableName: table, Key: key("3"), ConditionExpression: aws.String("v = :v"), ExpressionAttributeValues: item{":v": n("4")},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}}}})
	var canceled *types.TransactionCanceledException
	check(errors.As(err, &canceled), err)
	check(len(canceled.CancellationReasons) == 2 && *canceled.CancellationReasons[1].Code == "ConditionalCheckFailed" && canceled.CancellationReasons[1].Item["v"] != nil, canceled.CancellationReasons)
	del := must(client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: table, Key: key("3"), ReturnValues: types.ReturnValueAllOld}))
	check(del.Attributes["v"] != nil, del)
	fmt.Println("ok")
}

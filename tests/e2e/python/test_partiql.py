"""PartiQL: the same tables through statements, alone, in batches and in transactions."""

import unittest

import e2e


class PartiQL(e2e.TestCase):
    def run_statement(self, statement, *parameters, **more):
        if parameters:
            more["Parameters"] = list(parameters)
        return self.dynamodb.execute_statement(Statement=statement, **more)

    def make(self):
        return self.table(
            "pk sk:N", AttributeDefinitions=e2e.key_schema("color")[0],
            GlobalSecondaryIndexes=[e2e.index("by-color", "color")],
        )

    def test_statements(self):
        table = self.make()
        for number in range(6):
            color = "red" if number % 2 else "blue"
            self.run_statement(
                f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'sk': ?, 'color': ?, 'doc': {{'steps': [1, 'two', true]}}}}",
                {"N": str(number)}, {"S": color},
            )
        found = self.run_statement(f'SELECT sk, doc.steps[1] FROM "{table}" WHERE pk = \'a\' AND sk BETWEEN 1 AND 3')
        self.assertEqual([item["sk"]["N"] for item in found["Items"]], ["1", "2", "3"])
        found = self.run_statement(f'SELECT * FROM "{table}" WHERE pk = ? ORDER BY sk DESC', {"S": "a"})
        self.assertEqual([item["sk"]["N"] for item in found["Items"]], ["5", "4", "3", "2", "1", "0"])
        found = self.run_statement(f'SELECT * FROM "{table}"."by-color" WHERE color = ?', {"S": "red"})
        self.assertEqual(sorted(item["sk"]["N"] for item in found["Items"]), ["1", "3", "5"])
        found = self.run_statement(f'SELECT * FROM "{table}" WHERE pk IN [?, ?] AND begins_with(color, \'b\')',
                                   {"S": "a"}, {"S": "zzz"})
        self.assertEqual(len(found["Items"]), 3)
        updated = self.run_statement(
            f'UPDATE "{table}" SET n = 5 SET doc.steps = list_append(doc.steps, [9]) REMOVE color '
            "WHERE pk = 'a' AND sk = 1 RETURNING ALL NEW *"
        )
        self.assertEqual(updated["Items"][0]["doc"]["M"]["steps"]["L"][3], {"N": "9"})
        self.assertNotIn("color", updated["Items"][0])
        deleted = self.run_statement(f'DELETE FROM "{table}" WHERE pk = \'a\' AND sk = 1 RETURNING ALL OLD *')
        self.assertEqual(deleted["Items"][0]["n"], {"N": "5"})
        self.assertEqual(self.dynamodb.scan(TableName=table)["Count"], 5)

    def test_paging(self):
        table = self.make()
        for number in range(10):
            self.dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"N": str(number)}})
        found, arguments = [], {"Statement": f'SELECT * FROM "{table}" WHERE pk = \'a\'', "Limit": 3}
        while True:
            page = self.dynamodb.execute_statement(**arguments)
            found += [int(item["sk"]["N"]) for item in page["Items"]]
            if "NextToken" not in page:
                break
            arguments["NextToken"] = page["NextToken"]
        self.assertEqual(found, list(range(10)))

    def test_batches(self):
        table = self.make()
        statements = [
            {"Statement": f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'sk': {n}}}"} for n in (1, 2)
        ]
        self.dynamodb.batch_execute_statement(Statements=statements)
        again = self.dynamodb.batch_execute_statement(Statements=[
            statements[0], {"Statement": f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'sk': 3}}"},
        ])["Responses"]
        self.assertEqual(again[0]["Error"]["Code"], "DuplicateItem")
        self.assertNotIn("Error", again[1])
        read = self.dynamodb.batch_execute_statement(Statements=[
            {"Statement": f'SELECT * FROM "{table}" WHERE pk = \'a\' AND sk = {n}'} for n in (1, 9, 3)
        ])["Responses"]
        self.assertEqual([answer.get("Item", {}).get("sk", {}).get("N") for answer in read], ["1", None, "3"])

    def test_transactions(self):
        table = self.make()
        run = lambda *statements: self.dynamodb.execute_transaction(
            TransactStatements=[{"Statement": statement} for statement in statements]
        )
        run(f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'sk': 1, 'n': 1}}",
            f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'sk': 2, 'n': 1}}")
        run(f'EXISTS(SELECT * FROM "{table}" WHERE pk = \'a\' AND sk = 1 AND n = 1)',
            f'UPDATE "{table}" SET n = 2 WHERE pk = \'a\' AND sk = 2')
        with self.assertRaises(self.dynamodb.exceptions.TransactionCanceledException) as caught:
            run(f'EXISTS(SELECT * FROM "{table}" WHERE pk = \'a\' AND sk = 1 AND n = 99)',
                f'UPDATE "{table}" SET n = 3 WHERE pk = \'a\' AND sk = 2')
        reasons = [reason["Code"] for reason in caught.exception.response["CancellationReasons"]]
        self.assertEqual(reasons, ["ConditionalCheckFailed", "None"])
        found = run(*(f'SELECT n FROM "{table}" WHERE pk = \'a\' AND sk = {n}' for n in (1, 2)))
        self.assertEqual([answer["Item"]["n"]["N"] for answer in found["Responses"]], ["1", "2"])

    def test_errors(self):
        table = self.make()
        check = lambda code, message, statement: self.refused(
            code, message, self.dynamodb.execute_statement, Statement=statement
        )
        check("ValidationException", "Statement wasn't well formed, can't be processed", f'SELEC * FROM "{table}"')
        check("ResourceNotFoundException", "Requested resource not found", 'SELECT * FROM "nope"')
        self.run_statement(f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'sk': 1}}")
        check("DuplicateItemException", "Duplicate primary key exists in table",
              f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'sk': 1}}")
        check("ConditionalCheckFailedException", "The conditional request failed",
              f"UPDATE \"{table}\" SET n = 1 WHERE pk = 'a' AND sk = 99")
        check("ValidationException", "", f"DELETE FROM \"{table}\" WHERE pk = 'a'")


if __name__ == "__main__":
    unittest.main()

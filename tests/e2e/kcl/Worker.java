// One worker of the Kinesis Client Library over a table's stream, as applications have it. It says on standard output
// what it takes, a line each, and stops when its standard input ends.
//
//   java -cp 'LIBRARIES/*' Worker.java ENDPOINT STREAM_ARN APPLICATION WORKER
//
//   record SHARD SEQUENCE KEY COUNT     what a test wrote: the item's pk, and n of its new image
//   end SHARD                           a shard was read to its end

import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.StreamsSchedulerFactory;
import com.amazonaws.services.dynamodbv2.streamsadapter.model.DynamoDBStreamsProcessRecordsInput;
import com.amazonaws.services.dynamodbv2.streamsadapter.polling.DynamoDBStreamsPollingConfig;
import com.amazonaws.services.dynamodbv2.streamsadapter.processor.DynamoDBStreamsShardRecordProcessor;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.exceptions.InvalidStateException;
import software.amazon.kinesis.exceptions.ShutdownException;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.RecordProcessorCheckpointer;

public class Worker {
    private static final Region REGION = Region.US_EAST_1;

    static class Processor implements DynamoDBStreamsShardRecordProcessor {
        private String shard;

        @Override
        public void initialize(InitializationInput input) {
            shard = input.shardId();
        }

        @Override
        public void processRecords(DynamoDBStreamsProcessRecordsInput input) {
            for (var taken : input.records()) {
                var change = taken.getRecord().dynamodb();
                say("record " + shard + " " + change.sequenceNumber() + " " + change.keys().get("pk").s() + " "
                    + change.newImage().get("n").n());
            }
            save(input.checkpointer());
        }

        @Override
        public void shardEnded(ShardEndedInput input) {
            say("end " + shard);
            save(input.checkpointer());
        }

        @Override
        public void shutdownRequested(ShutdownRequestedInput input) {
            save(input.checkpointer());
        }

        @Override
        public void leaseLost(LeaseLostInput input) {}

        private void save(RecordProcessorCheckpointer checkpointer) {
            try {
                checkpointer.checkpoint();
            } catch (ShutdownException | InvalidStateException lost) {
                // Another worker has the shard now and begins behind the last checkpoint.
                System.err.println("a checkpoint of " + shard + " came too late: " + lost);
            }
        }
    }

    private static void say(String line) {
        synchronized (System.out) {
            System.out.println(line);
            System.out.flush();
        }
    }

    public static void main(String[] arguments) throws Exception {
        var endpoint = URI.create(arguments[0]);
        var stream = arguments[1];
        var application = arguments[2];
        var worker = arguments[3];
        var credentials = StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test"));

        var streams = DynamoDbStreamsClient.builder()
            .endpointOverride(endpoint).region(REGION).credentialsProvider(credentials).build();
        var tables = DynamoDbAsyncClient.builder()
            .endpointOverride(endpoint).region(REGION).credentialsProvider(credentials).build();
        // Nothing is sent to it: metrics are off.
        var metrics = CloudWatchAsyncClient.builder().region(REGION).credentialsProvider(credentials).build();
        var adapter = new AmazonDynamoDBStreamsAdapterClient(streams, REGION);

        var start = InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON);
        var configs = new ConfigsBuilder(StreamsSchedulerFactory.createSingleStreamTracker(stream, start), application,
            adapter, tables, metrics, worker, Processor::new);
        var leases = configs.leaseManagementConfig();
        leases.shardSyncIntervalMillis(0).failoverTimeMillis(2_000);
        leases.workerUtilizationAwareAssignmentConfig().disableWorkerMetrics(true).workerMetricsReporterFreqInMillis(500);
        var retrieval = configs.retrievalConfig();
        retrieval.retrievalSpecificConfig(new DynamoDBStreamsPollingConfig(stream, adapter));

        Scheduler scheduler = StreamsSchedulerFactory.createScheduler(configs.checkpointConfig(),
            configs.coordinatorConfig(), leases, configs.lifecycleConfig(),
            configs.metricsConfig().metricsFactory(new NullMetricsFactory()), configs.processorConfig(), retrieval, adapter);
        var running = new Thread(scheduler, "scheduler");
        running.setDaemon(true);
        running.start();
        while (System.in.read() >= 0) {
            // Until the end of it.
        }
        try {
            scheduler.startGracefulShutdown().get(20, TimeUnit.SECONDS);
        } catch (TimeoutException waiting) {
            // It waits for every shard that it had when it was asked to stop, even for one that has ended meanwhile. What it
            // has read and said before is all that counts.
            System.err.println("the library does not come to its end");
        }
        System.exit(0);
    }
}

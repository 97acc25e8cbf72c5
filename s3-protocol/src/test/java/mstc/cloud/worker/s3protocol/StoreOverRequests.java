package mstc.cloud.worker.s3protocol;

/** A store over any requests, at no place at all. */
final class StoreOverRequests extends S3ProtocolStore {

  StoreOverRequests(S3Requests requests, boolean createBuckets) {
    super(requests, new StoreFailures("memory", "here", "set the region"), createBuckets);
  }
}

package mstc.cloud.worker.standalone;

import java.util.List;

/** The whole worker over the AWS SDK, by configuration alone. */
class S3StandaloneIT extends StandaloneScenarios {
  @Override
  List<String> storeArguments() {
    return List.of("--set", "mstc.object-store.type=s3");
  }
}

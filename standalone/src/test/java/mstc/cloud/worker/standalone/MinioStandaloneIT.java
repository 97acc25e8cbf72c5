package mstc.cloud.worker.standalone;

import java.util.List;

/** The whole worker over minio-java. */
class MinioStandaloneIT extends StandaloneScenarios {
  @Override
  List<String> storeArguments() {
    return List.of();
  }
}

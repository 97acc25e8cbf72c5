package mstc.cloud.worker.standalone;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests of which each has a namespace, a broker and a store of its own. */
abstract class ClusterScenarios {
  @TempDir Path folder;
  private @Nullable ClusterWorker cluster;

  @BeforeEach
  void startServices() throws Exception {
    cluster = new ClusterWorker(folder);
  }

  @AfterEach
  void stopServices() throws Exception {
    if (cluster != null) {
      cluster.close();
    }
  }

  ClusterWorker cluster() {
    if (cluster == null) {
      throw new IllegalStateException("not started");
    }
    return cluster;
  }
}

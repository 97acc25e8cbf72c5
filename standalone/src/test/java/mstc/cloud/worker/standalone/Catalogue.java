package mstc.cloud.worker.standalone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A configuration file with the one image that tests need: a shell that runs its argument. */
final class Catalogue {
  private Catalogue() {}

  /** Writes the file and returns it. */
  static Path write(Path folder, int maxConcurrentJobs) throws IOException {
    return Files.writeString(
        folder.resolve("worker.yaml"),
        """
        mstc:
          jobs:
            max-concurrent: %d
          runtime:
            type: local
            local:
              catalogue:
                - image: test/sh
                  command: [/bin/sh, -c]
                  env: [MORE]
        """
            .formatted(maxConcurrentJobs));
  }

  /** A request that runs a script. */
  static String request(String jobName, String script) {
    return
"""
{"image": "test/sh", "jobName": "%s", "inputBucket": "scenarios", "args": ["%s"]}
"""
        .formatted(jobName, script.replace("\\", "\\\\").replace("\"", "\\\""));
  }
}

package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;

/** What is said of a log, and what is right. */
enum LogVerdict {
  WHOLE_AND_SAID_SO,
  NOT_WHOLE_AND_SAID_SO,
  WHOLE_BUT_SAID_NOT,
  NOT_WHOLE_BUT_SAID_SO;

  static LogVerdict of(SpooledLog log, ScriptedKubelet kubelet) throws IOException {
    boolean whole = Arrays.equals(Files.readAllBytes(log.file()), kubelet.written());
    boolean saidWhole = log.gaps().isEmpty();
    if (whole) {
      return saidWhole ? WHOLE_AND_SAID_SO : WHOLE_BUT_SAID_NOT;
    }
    return saidWhole ? NOT_WHOLE_BUT_SAID_SO : NOT_WHOLE_AND_SAID_SO;
  }
}

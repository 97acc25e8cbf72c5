package mstc.cloud.worker.standalone;

import static mstc.cloud.worker.standalone.ClusterWorker.request;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Logs of which a cluster's node keeps the end only. */
@Isolated("a busy node puts away what nobody could read yet")
class ClusterLongLogsIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /**
   * Lines of 100 bytes that are all different, and after them their digest on a line of its own.
   */
  private static final String LINES =
      """
      python3 -c "import sys,time,hashlib
      h=hashlib.sha256()
      for part in range(%1$d):
        data=''.join('%%099d\\n' %% (part*%2$d+i) for i in range(%2$d)).encode()
        h.update(data); sys.stdout.buffer.write(data); sys.stdout.flush(); time.sleep(%3$s)
      print(h.hexdigest())"
      """;

  /** A log counts as followed only if its container is known to run before much is written. */
  private static final String NOT_IN_ITS_FIRST_SECONDS = "sleep 4; ";

  @TempDir static Path folder;
  private static ClusterWorker worker;

  @BeforeAll
  static void startEverything() throws Exception {
    worker = new ClusterWorker(folder);
    worker.start().awaitReady();
    // It takes its time, and begins now.
    worker.client().send("minute", request("minute", LINES.formatted(60, 10_000, "0.9")));
  }

  @AfterAll
  static void stopEverything() throws Exception {
    if (worker != null) {
      worker.close();
    }
  }

  private static Reply run(String name, String script) throws Exception {
    worker.client().send(name, request(name, script));
    return worker.client().awaitReply(name, PATIENCE);
  }

  private static StoredLog log(Reply reply) {
    return reply.log().orElseThrow();
  }

  @Test
  void aLongLogAtOnce() throws Exception {
    Reply reply = runUntilWhole("at-once", LINES.formatted(60, 10_000, "0"));

    assertWhole(reply, 60L * 10_000 * 100);
  }

  /**
   * Runs a job that soon writes more at once than the node keeps. On a busy machine the node may
   * have put away the first file before anybody could read it; the reply has to say so each time.
   */
  private static Reply runUntilWhole(String name, String script) throws Exception {
    Reply reply = run(name, NOT_IN_ITS_FIRST_SECONDS + script);
    for (int again = 1; again < 5 && !log(reply).complete(); again++) {
      assertThat(reply.warnings()).isNotEmpty();
      reply = run(name + "-" + again, NOT_IN_ITS_FIRST_SECONDS + script);
    }
    return reply;
  }

  private static void assertWhole(Reply reply, long bytes) throws Exception {
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
    assertThat(reply.warnings()).isEmpty();
    byte[] log = worker.log(reply);
    assertThat((long) log.length).isEqualTo(bytes + 65);
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    sha256.update(log, 0, log.length - 65);
    assertThat(HexFormat.of().formatHex(sha256.digest()))
        .isEqualTo(new String(log, log.length - 65, 64, StandardCharsets.US_ASCII));
  }

  @Test
  void aLineOf20Megabytes() throws Exception {
    Reply reply = runUntilWhole("line", "head -c 20000000 /dev/zero | tr '\\0' x; echo; echo end");

    assertThat(reply.warnings()).isEmpty();
    byte[] log = worker.log(reply);
    assertThat(log).hasSize(20_000_005);
    assertThat(log).endsWith("x\nend\n".getBytes(StandardCharsets.US_ASCII));
    assertThat(log(reply).complete()).isTrue();
  }

  @Test
  void aLogThatIsRotatedWhileItIsWritten() throws Exception {
    Reply reply = worker.client().awaitReply("minute", PATIENCE);

    assertWhole(reply, 60L * 10_000 * 100);
  }
}

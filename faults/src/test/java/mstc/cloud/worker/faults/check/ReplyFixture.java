package mstc.cloud.worker.faults.check;

/** A reply, as a worker writes it. */
record ReplyFixture(
    String outcome,
    String exitCode,
    boolean started,
    long logBytes,
    boolean complete,
    boolean stored,
    String warnings) {

  static ReplyFixture reply(String outcome) {
    return new ReplyFixture(outcome, "null", true, RequestFixture.LOG_BYTES, true, true, "[]");
  }

  static ReplyFixture success() {
    return reply("SUCCEEDED").exitCode(0);
  }

  static ReplyFixture failure(int code) {
    return reply("FAILED").exitCode(code);
  }

  static ReplyFixture rejection() {
    return reply("REJECTED");
  }

  ReplyFixture exitCode(int code) {
    return new ReplyFixture(outcome, "" + code, started, logBytes, complete, stored, warnings);
  }

  ReplyFixture neverStarted() {
    return new ReplyFixture(outcome, exitCode, false, logBytes, complete, stored, warnings);
  }

  ReplyFixture ofLog(long bytes) {
    return new ReplyFixture(outcome, exitCode, started, bytes, complete, stored, warnings);
  }

  ReplyFixture notComplete(String why) {
    String list = why.isEmpty() ? "[]" : "[\"" + why + "\"]";
    return new ReplyFixture(outcome, exitCode, started, logBytes, false, stored, list);
  }

  ReplyFixture warning(String why) {
    return new ReplyFixture(
        outcome, exitCode, started, logBytes, complete, stored, "[\"" + why + "\"]");
  }

  ReplyFixture withoutLog() {
    return new ReplyFixture(outcome, exitCode, started, logBytes, complete, false, warnings);
  }

  String text(String job) {
    boolean rejected = outcome.equals("REJECTED");
    String log =
        """
        {"bucket": "faults", "object": "%s.log", "bytes": %d, "complete": %s}\
        """
            .formatted(job, logBytes, complete);
    return """
    {"result": "in words", "job": %s, "outcome": "%s", "exitCode": %s, "log": %s, \
    "startedAt": %s, "warnings": %s}\
    """
        .formatted(
            rejected ? "null" : "\"" + job + "\"",
            outcome,
            exitCode,
            stored && !rejected ? log : "null",
            started && !rejected ? "\"2026-11-01T12:00:00.000Z\"" : "null",
            warnings);
  }
}

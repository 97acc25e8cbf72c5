package mstc.cloud.worker.faults.load;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import mstc.cloud.worker.faults.history.Expected;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request and its expected result.
 *
 * @param once whether it has a message id, so that it is run once however often it is sent
 * @param resend only with a message id
 */
public record Scenario(Shape shape, Work work, boolean once, Resend resend) {
  /** The bucket of all inputs and logs. */
  public static final String BUCKET = "faults";

  /** How long after its start a job that writes nothing more has certainly written everything. */
  private static final int WRITING_MARGIN_SECONDS = 40;

  /** A burst is promised to be whole if the log existed for three seconds before. */
  private static final int BEFORE_A_BURST_SECONDS = 4;

  private static final int TOO_MANY_RETRIES = 1_000_000;
  private static final int FOR_EVER_SECONDS = 900;
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /**
   * Draws a request.
   *
   * @param key of its text
   * @param allowed which shapes are allowed
   */
  public static Scenario draw(Random random, String key, List<Shape> allowed) {
    Shape shape = drawShape(random, allowed);
    boolean once = shape == Shape.OVER_HTTP || random.nextInt(100) < 65;
    Work work = drawWork(random, key, shape);
    Resend resend = once && shape.mayBeSentAgain() ? drawResend(random) : Resend.NEVER;
    return new Scenario(shape, work, once, resend);
  }

  private static Shape drawShape(Random random, List<Shape> allowed) {
    int drawn = random.nextInt(allowed.stream().mapToInt(Shape::weight).sum());
    for (Shape shape : allowed) {
      drawn -= shape.weight();
      if (drawn < 0) {
        return shape;
      }
    }
    throw new IllegalStateException("nothing to draw from " + allowed);
  }

  private static Resend drawResend(Random random) {
    if (random.nextInt(100) < 55) {
      return Resend.NEVER;
    }
    List<Resend> all = Arrays.stream(Resend.values()).filter(r -> r != Resend.NEVER).toList();
    return all.get(random.nextInt(all.size()));
  }

  private static Work drawWork(Random random, String key, Shape shape) {
    return switch (shape) {
      case SHORT, OVER_HTTP, INVALID, UNREADABLE -> line(key, random.nextInt(4), 0);
      case EXIT_CODE -> line(key, random.nextInt(4), 1 + random.nextInt(100));
      case SILENT -> new Work(new KnownText(key, 0, 1), 0, 1, 0, 10 + random.nextInt(20), 0, 0);
      case SOME_LINES ->
          new Work(
              new KnownText(key, 5 + random.nextInt(40), 2),
              0,
              random.nextBoolean() ? 74 : 50,
              100 + random.nextInt(400),
              random.nextInt(5),
              0,
              0);
      case AT_ONCE ->
          new Work(
              KnownText.ofSize(key, 11_000_000 + random.nextInt(3_000_000), 140),
              BEFORE_A_BURST_SECONDS,
              1 << 20,
              0,
              15 + random.nextInt(20),
              0,
              0);
      case STEADY ->
          new Work(
              KnownText.ofSize(key, 20_000_000, 140), 0, 700_000, 1000, random.nextInt(5), 0, 0);
      case LONG_LINES ->
          new Work(
              KnownText.ofSize(key, 12_000_000, 12_000 + random.nextInt(40_000)),
              0,
              9_000 + random.nextInt(9_000),
              15 + random.nextInt(10),
              random.nextInt(10),
              0,
              0);
      case RETRIED -> new Work(new KnownText(key, 20, 3), 0, 1000, 50, 1, 0, 28);
      case TIMEOUT, CANCELLED, JOB_DELETED ->
          new Work(
              new KnownText(key, 10 + random.nextInt(50), 3), 0, 1000, 20, FOR_EVER_SECONDS, 0, 0);
    };
  }

  private static Work line(String key, int lingerSeconds, int exitCode) {
    return new Work(new KnownText(key, 1, 1), 0, 1000, 0, lingerSeconds, exitCode, 0);
  }

  /** How it ends when nothing disturbs it. */
  public Expected expected() {
    return switch (shape) {
      case SHORT, SILENT, SOME_LINES, AT_ONCE, STEADY, LONG_LINES, OVER_HTTP ->
          runs("SUCCEEDED", 0);
      case EXIT_CODE -> runs("FAILED", work.exitCode());
      case RETRIED -> runs("SUCCEEDED", 0, Work.FAILURE);
      case TIMEOUT -> runs("TIMED_OUT");
      case CANCELLED, JOB_DELETED -> runs("CANCELLED");
      case INVALID, UNREADABLE -> Expected.rejected();
    };
  }

  private Expected runs(String outcome, Integer... exits) {
    return new Expected(
        outcome,
        List.of(exits),
        work.text().bytes(),
        work.writingSeconds() * 2 + WRITING_MARGIN_SECONDS);
  }

  /** The request as it is sent. */
  public String body(String image, String jobName, Instant now) {
    if (shape == Shape.UNREADABLE) {
      return "{\"image\": \"" + image + "\", \"jobName\": ";
    }
    ObjectNode body = MAPPER.createObjectNode();
    body.put("image", image);
    body.put("jobName", jobName);
    body.put("inputBucket", BUCKET);
    body.put("timeOut", shape == Shape.TIMEOUT ? 1 : 10);
    new ArrayList<>(work.command(now.getEpochSecond())).forEach(body.putArray("command")::add);
    if (shape == Shape.RETRIED) {
      body.put("retries", 2);
    }
    if (shape == Shape.INVALID) {
      body.put("retries", TOO_MANY_RETRIES);
    }
    return MAPPER.writeValueAsString(body);
  }

  /** Another request under the same name, with the same place for its log. */
  public String otherBody(String image, String jobName, Instant now) {
    Work other = new Work(work.text(), 0, work.pieceBytes(), 0, 0, work.exitCode() + 1, 0);
    return new Scenario(shape, other, once, resend).body(image, jobName, now);
  }
}

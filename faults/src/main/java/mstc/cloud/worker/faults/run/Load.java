package mstc.cloud.worker.faults.run;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Phaser;
import mstc.cloud.worker.faults.history.Event.JobSeen;
import mstc.cloud.worker.faults.history.Event.Meddled;
import mstc.cloud.worker.faults.history.Event.Meddling;
import mstc.cloud.worker.faults.history.Event.Sent;
import mstc.cloud.worker.faults.history.Expected;
import mstc.cloud.worker.faults.history.HistoryFile;
import mstc.cloud.worker.faults.load.Resend;
import mstc.cloud.worker.faults.load.Scenario;
import mstc.cloud.worker.faults.load.Shape;
import mstc.cloud.worker.faults.schedule.PlannedRequest;
import mstc.cloud.worker.faults.service.Await;

/** Sends the requests when it is time, sends them again, and cancels them. */
final class Load {
  private static final Duration CALL = Duration.ofMinutes(3);
  private static final Duration SHORT_CALL = Duration.ofSeconds(10);
  private static final int PAUSE_MILLIS = 1000;

  private final Cluster cluster;
  private final ClusterWatch watch;
  private final Client client;
  private final List<Replica> replicas;
  private final HistoryFile history;
  private final String image;
  private final Instant end;
  private final Queue<Sent> sends = new ConcurrentLinkedQueue<>();
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final Phaser running = new Phaser(1);

  /**
   * @param end when everything is mended: after that nothing is sent again
   */
  Load(
      Cluster cluster,
      ClusterWatch watch,
      Client client,
      List<Replica> replicas,
      HistoryFile history,
      String image,
      Instant end) {
    this.cluster = cluster;
    this.watch = watch;
    this.client = client;
    this.replicas = replicas;
    this.history = history;
    this.image = image;
    this.end = end;
  }

  /** Begins all requests. */
  void begin(List<PlannedRequest> requests, Instant runBegan) {
    for (PlannedRequest planned : requests) {
      running.register();
      Thread.ofVirtual()
          .name(planned.request())
          .start(() -> {
            try {
              Thread.sleep(Duration.between(Instant.now(), runBegan.plus(planned.at())));
              new Request(planned).run();
            } catch (Exception e) {
              failures.add(e);
            } finally {
              running.arriveAndDeregister();
            }
          });
    }
  }

  /** Whether everything planned was sent and done. */
  boolean isOver() {
    return running.getUnarrivedParties() == 1 && running.getRegisteredParties() == 1;
  }

  /** An error in the load itself. */
  Optional<Throwable> failure() {
    return Optional.ofNullable(failures.peek());
  }

  /** The sends without an answer so far, except those whose Job was deleted. */
  List<String> unanswered() {
    return sends.stream()
        .filter(sent -> !sent.shape().equals(Shape.JOB_DELETED.name()))
        .map(Sent::send)
        .filter(send -> !client.isAnswered(send))
        .toList();
  }

  /** One request, with all of its sends. */
  private final class Request {
    private final String name;
    private final Scenario scenario;
    private final String body;
    private final String otherBody;
    private final Duration later;
    private int sendCount;

    Request(PlannedRequest planned) {
      name = planned.request();
      scenario = planned.scenario();
      Instant now = Instant.now();
      body = scenario.body(image, name, now);
      otherBody = scenario.otherBody(image, name, now);
      later = Duration.ofSeconds(5 + Math.floorMod(name.hashCode(), 25));
    }

    void run() throws Exception {
      if (scenario.shape() == Shape.OVER_HTTP) {
        Sent sent = next(scenario.expected());
        history.note(sent);
        running.register();
        Thread.ofVirtual().start(() -> callUntilAnswered(sent));
      } else {
        send(body, scenario.expected());
      }
      switch (scenario.shape()) {
        case CANCELLED -> cancel();
        case JOB_DELETED -> deleteJob();
        case SHORT,
            EXIT_CODE,
            SILENT,
            SOME_LINES,
            AT_ONCE,
            STEADY,
            LONG_LINES,
            RETRIED,
            TIMEOUT,
            OVER_HTTP,
            INVALID,
            UNREADABLE -> {}
      }
      if (awaitResend()) {
        if (scenario.resend() == Resend.OTHER_REQUEST) {
          send(otherBody, Expected.rejected());
        } else {
          send(body, scenario.expected());
        }
      }
    }

    private Sent next(Expected expected) {
      sendCount++;
      Sent sent =
          new Sent(
              Instant.now(),
              name + "/" + sendCount,
              name,
              scenario.once() ? Optional.of("id-" + name) : Optional.empty(),
              scenario.shape().name(),
              expected);
      sends.add(sent);
      return sent;
    }

    private void send(String text, Expected expected) throws Exception {
      client.send(next(expected), text);
    }

    /** Whether it is to be sent again, and the time for that has come. */
    private boolean awaitResend() throws InterruptedException {
      String first = name + "/1";
      return switch (scenario.resend()) {
        case NEVER -> false;
        case AT_ONCE -> true;
        case LATER -> {
          Thread.sleep(later);
          yield Instant.now().isBefore(end);
        }
        case AFTER_REPLY -> inTime(() -> client.isAnswered(first));
        case AFTER_JOB ->
            inTime(() ->
                client.isAnswered(first) && watch.job(name).filter(JobSeen::gone).isPresent());
        case OTHER_REQUEST -> inTime(() -> watch.job(name).isPresent());
      };
    }

    private boolean inTime(Callable<Boolean> condition) throws InterruptedException {
      return Await.until(end, condition) && Instant.now().isBefore(end);
    }

    /** A job that runs for long has to be cancelled in the end, however late. */
    private void cancel() throws InterruptedException {
      Await.until(end.plus(CALL), () -> watch.isRunning(name));
      Optional<JobSeen> job = watch.job(name);
      if (job.isEmpty()) {
        return;
      }
      history.note(new Meddled(Instant.now(), name, Meddling.CANCELLED, job.get().uid()));
      for (int attempt = 0; Instant.now().isBefore(end.plus(CALL)); attempt++) {
        if (isCancelled(replica(attempt), job.get().name())) {
          return;
        }
        Thread.sleep(PAUSE_MILLIS);
      }
    }

    private boolean isCancelled(Replica replica, String job) throws InterruptedException {
      try {
        int status = replica.call("DELETE", "/mstc/jobs/" + job, "", SHORT_CALL).statusCode();
        return status == 202 || status == 404 || status == 409;
      } catch (IOException e) {
        // Another replica may do it.
        return false;
      }
    }

    private void deleteJob() throws InterruptedException {
      Await.until(end.plus(CALL), () -> watch.isRunning(name));
      watch
          .job(name)
          .ifPresent(job -> {
            history.note(new Meddled(Instant.now(), name, Meddling.JOB_DELETED, job.uid()));
            cluster.deleteJob(job.name());
          });
    }

    private Replica replica(int attempt) {
      return replicas.get(Math.floorMod(name.hashCode() + attempt, replicas.size()));
    }

    /** Sends it over HTTP until a replica responds; one with an id may be repeated. */
    private void callUntilAnswered(Sent sent) {
      try {
        for (int attempt = 0; Instant.now().isBefore(end.plus(CALL)); attempt++) {
          Optional<String> reply = call(replica(attempt), sent.messageId().orElseThrow());
          if (reply.isPresent()) {
            client.noteReply(sent.send(), reply.get(), false);
            return;
          }
          Thread.sleep(PAUSE_MILLIS);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        running.arriveAndDeregister();
      }
    }

    private Optional<String> call(Replica replica, String key) throws InterruptedException {
      try {
        HttpResponse<String> response =
            replica.call("POST", "/mstc/worker/execute", body, CALL, "Idempotency-Key", key);
        return response.statusCode() == 200 || response.statusCode() == 400
            ? Optional.of(response.body())
            : Optional.empty();
      } catch (IOException e) {
        // The replica died, stopped or is paused; it may be sent again.
        return Optional.empty();
      }
    }
  }
}

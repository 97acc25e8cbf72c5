package mstc.cloud.worker.bootstrap.assembly;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import mstc.cloud.worker.adapters.http.HttpApi;
import mstc.cloud.worker.application.Worker;
import org.springframework.context.SmartLifecycle;

/** Starts the worker once everything is assembled, and stops it before anything is closed. */
final class WorkerLifecycle implements SmartLifecycle {
  private final Worker worker;
  private final Optional<HttpApi> http;
  private final Duration grace;
  private volatile boolean running;

  WorkerLifecycle(Worker worker, Optional<HttpApi> http, Duration grace) {
    this.worker = worker;
    this.grace = grace;
    this.http = http;
  }

  OptionalInt httpPort() {
    return http.map(api -> OptionalInt.of(api.port())).orElseGet(OptionalInt::empty);
  }

  @Override
  public void start() {
    running = true;
    worker.start();
    http.ifPresent(HttpApi::start);
  }

  @Override
  public void stop() {
    worker.stop(grace);
    http.ifPresent(HttpApi::close);
    running = false;
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}

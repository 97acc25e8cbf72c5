package mstc.cloud.worker.faults.run;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.faults.history.Event.FaultBegun;
import mstc.cloud.worker.faults.history.Event.FaultEnded;
import mstc.cloud.worker.faults.history.Event.Meddled;
import mstc.cloud.worker.faults.history.Event.Meddling;
import mstc.cloud.worker.faults.history.HistoryFile;
import mstc.cloud.worker.faults.schedule.Fault;
import mstc.cloud.worker.faults.schedule.PlannedFault;
import mstc.cloud.worker.faults.service.FaultsException;

/** Breaks things when it is time, and mends them. */
final class Breaker {
  private static final String REQUEST_LABEL = "app.kubernetes.io/name";

  private final Cluster cluster;
  private final Client client;
  private final Store store;
  private final Proxies proxies;
  private final List<Replica> replicas;
  private final HistoryFile history;
  private final Console console;
  private final List<Thread> threads = new ArrayList<>();
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

  /** What takes longer to mend than planned is not broken again before that is done. */
  private final Map<String, Lock> held = new ConcurrentHashMap<>();

  Breaker(
      Cluster cluster,
      Client client,
      Store store,
      Proxies proxies,
      List<Replica> replicas,
      HistoryFile history,
      Console console) {
    this.cluster = cluster;
    this.client = client;
    this.store = store;
    this.proxies = proxies;
    this.replicas = replicas;
    this.history = history;
    this.console = console;
  }

  /** Begins all faults: each is begun and ended by its own thread. */
  void begin(List<PlannedFault> faults, Instant runBegan) {
    for (int i = 0; i < faults.size(); i++) {
      int number = i + 1;
      PlannedFault planned = faults.get(i);
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  Thread.sleep(Duration.between(Instant.now(), runBegan.plus(planned.begin())));
                  holding(locks(planned.fault()), number, planned);
                } catch (Exception e) {
                  failures.add(
                      new FaultsException(
                          "fault %d (%s) went wrong".formatted(number, planned.fault().words()),
                          e));
                }
              }));
    }
  }

  /** Waits until everything is mended. */
  void awaitEnd() throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /** An error in the faults themselves. */
  Optional<Throwable> failure() {
    return Optional.ofNullable(failures.peek());
  }

  private void holding(List<Lock> locks, int number, PlannedFault planned) throws Exception {
    if (locks.isEmpty()) {
      run(number, planned);
      return;
    }
    Lock first = locks.getFirst();
    first.lock();
    try {
      holding(locks.subList(1, locks.size()), number, planned);
    } finally {
      first.unlock();
    }
  }

  /** In the order of their names, so that no two faults wait for each other. */
  private List<Lock> locks(Fault fault) {
    return fault.holds().stream().sorted().map(this::lock).toList();
  }

  private Lock lock(String name) {
    return held.computeIfAbsent(name, _ -> new ReentrantLock());
  }

  private void run(int number, PlannedFault planned) throws Exception {
    Fault fault = planned.fault();
    console.say(
        "fault %3d  %s%s"
            .formatted(
                number,
                fault.words(),
                planned.length().isZero()
                    ? ""
                    : ", for %.1f s".formatted(planned.length().toMillis() / 1000.0)));
    history.note(new FaultBegun(Instant.now(), number, fault.kind(), fault.words()));
    begin(fault);
    Thread.sleep(planned.length());
    end(fault);
    history.note(new FaultEnded(Instant.now(), number));
  }

  private void begin(Fault fault) throws Exception {
    switch (fault) {
      case Fault.WorkerKilled killed -> replicas.get(killed.replica()).kill();
      case Fault.WorkerStopped stopped -> replicas.get(stopped.replica()).pause();
      case Fault.WorkerTerminated terminated -> replicas.get(terminated.replica()).terminate();
      case Fault.Network network -> proxies.begin(network);
      case Fault.BrokerKilled() -> client.killBroker();
      case Fault.StoreKilled() -> store.kill();
      case Fault.PodTakenAway taken -> takeAway(taken);
      case Fault.SpoolFilled filled -> replicas.get(filled.replica()).scratch().fill();
      case Fault.ReplyQueueDeleted deleted -> client.deleteReplyQueue(deleted.queue());
    }
  }

  private void end(Fault fault) throws Exception {
    switch (fault) {
      case Fault.WorkerKilled killed -> restart(killed.replica(), killed.emptySpool());
      case Fault.WorkerStopped stopped -> replicas.get(stopped.replica()).resume();
      case Fault.WorkerTerminated terminated -> {
        replicas.get(terminated.replica()).awaitEnd();
        restart(terminated.replica(), terminated.emptySpool());
      }
      case Fault.Network network -> proxies.end(network);
      case Fault.BrokerKilled() -> client.restartBroker();
      case Fault.StoreKilled() -> store.restart();
      case Fault.PodTakenAway _ -> {}
      case Fault.SpoolFilled filled -> replicas.get(filled.replica()).scratch().empty();
      case Fault.ReplyQueueDeleted deleted -> client.restoreReplyQueue(deleted.queue());
    }
  }

  private void restart(int replica, boolean emptySpool) throws IOException {
    if (emptySpool) {
      replicas.get(replica).scratch().clear();
    }
    replicas.get(replica).restart();
  }

  private void takeAway(Fault.PodTakenAway fault) {
    List<Pod> pods = cluster.runningPods();
    if (pods.isEmpty()) {
      return;
    }
    Pod pod = pods.get((int) (fault.choice() * pods.size()));
    history.note(
        new Meddled(
            Instant.now(),
            pod.getMetadata().getLabels().getOrDefault(REQUEST_LABEL, ""),
            fault.evicted() ? Meddling.POD_EVICTED : Meddling.POD_DELETED,
            pod.getMetadata().getUid()));
    try {
      if (fault.evicted()) {
        cluster.evict(pod);
      } else {
        cluster.delete(pod);
      }
    } catch (KubernetesClientException e) {
      console.say("           it was gone already: " + e.getMessage());
    }
  }
}

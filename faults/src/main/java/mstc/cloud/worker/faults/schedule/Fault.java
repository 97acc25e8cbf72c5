package mstc.cloud.worker.faults.schedule;

import java.util.List;
import java.util.stream.IntStream;
import mstc.cloud.worker.faults.history.FaultKind;

/** Something that breaks, and is mended some time later. Replicas are counted from 0. */
public sealed interface Fault {
  /** How many replicas of the worker there are. */
  int REPLICAS = 3;

  /** What it counts as. */
  FaultKind kind();

  /** What it needs for itself: two faults that share one of these do not overlap. */
  List<String> holds();

  /** In words, as reported when it begins. */
  String words();

  /** What the faults of a worker's process hold. */
  static String worker(int replica) {
    return "worker " + replica;
  }

  private static String spool(boolean empty) {
    return empty ? "comes back with an empty spool" : "comes back with its spool";
  }

  /** A worker's process is killed, and started again at the end. */
  record WorkerKilled(int replica, boolean emptySpool) implements Fault {
    @Override
    public FaultKind kind() {
      return FaultKind.WORKER_KILLED;
    }

    @Override
    public List<String> holds() {
      return List.of(worker(replica));
    }

    @Override
    public String words() {
      return worker(replica) + " is killed, " + spool(emptySpool);
    }
  }

  /** A worker's process is paused. */
  record WorkerStopped(int replica) implements Fault {
    @Override
    public FaultKind kind() {
      return FaultKind.WORKER_STOPPED;
    }

    @Override
    public List<String> holds() {
      return List.of(worker(replica));
    }

    @Override
    public String words() {
      return worker(replica) + " stands still";
    }
  }

  /** A worker is asked to stop, and started again at the end. */
  record WorkerTerminated(int replica, boolean emptySpool) implements Fault {
    @Override
    public FaultKind kind() {
      return FaultKind.WORKER_TERMINATED;
    }

    @Override
    public List<String> holds() {
      return List.of(worker(replica));
    }

    @Override
    public String words() {
      return worker(replica) + " is terminated, " + spool(emptySpool);
    }
  }

  /** Some replicas have trouble with a service. */
  record Network(Service service, List<Integer> replicas, Trouble trouble) implements Fault {
    public Network {
      replicas = List.copyOf(replicas);
    }

    /** For all replicas. */
    static Network ofAll(Service service, Trouble trouble) {
      return new Network(service, IntStream.range(0, REPLICAS).boxed().toList(), trouble);
    }

    @Override
    public FaultKind kind() {
      return switch (service) {
        case API_SERVER -> trouble.cuts() ? FaultKind.API_SERVER_CUT : FaultKind.API_SERVER_SLOW;
        case BROKER -> trouble.cuts() ? FaultKind.BROKER_CUT : FaultKind.BROKER_SLOW;
        case STORE -> trouble.cuts() ? FaultKind.STORE_CUT : FaultKind.STORE_SLOW;
      };
    }

    @Override
    public List<String> holds() {
      return replicas.stream().map(replica -> service + " of " + worker(replica)).toList();
    }

    @Override
    public String words() {
      String of = replicas.size() == REPLICAS ? "all workers" : worker(replicas.getFirst());
      return "%s of %s is %s".formatted(service, of, trouble);
    }
  }

  /** The broker's process is killed, and started again at the end. */
  record BrokerKilled() implements Fault {
    @Override
    public FaultKind kind() {
      return FaultKind.BROKER_KILLED;
    }

    @Override
    public List<String> holds() {
      return List.of("broker");
    }

    @Override
    public String words() {
      return "the broker is killed";
    }
  }

  /** The store's process is killed, and started again at the end. */
  record StoreKilled() implements Fault {
    @Override
    public FaultKind kind() {
      return FaultKind.STORE_KILLED;
    }

    @Override
    public List<String> holds() {
      return List.of("store");
    }

    @Override
    public String words() {
      return "the store is killed";
    }
  }

  /**
   * A running pod is taken away; there is nothing to mend.
   *
   * @param choice from 0 to 1: which of those that run then
   * @param evicted rather than deleted
   */
  record PodTakenAway(double choice, boolean evicted) implements Fault {
    @Override
    public FaultKind kind() {
      return evicted ? FaultKind.POD_EVICTED : FaultKind.POD_DELETED;
    }

    @Override
    public List<String> holds() {
      return List.of();
    }

    @Override
    public String words() {
      return evicted ? "a pod is evicted" : "a pod is deleted";
    }
  }

  /** The disk of a worker's spool is full. */
  record SpoolFilled(int replica) implements Fault {
    @Override
    public FaultKind kind() {
      return FaultKind.SPOOL_FULL;
    }

    @Override
    public List<String> holds() {
      return List.of("spool of " + worker(replica));
    }

    @Override
    public String words() {
      return "the disk of the spool of " + worker(replica) + " is full";
    }
  }

  /** A reply queue is deleted, and declared again at the end. */
  record ReplyQueueDeleted(int queue) implements Fault {
    @Override
    public FaultKind kind() {
      return FaultKind.REPLY_QUEUE_DELETED;
    }

    @Override
    public List<String> holds() {
      return List.of("broker");
    }

    @Override
    public String words() {
      return "reply queue " + queue + " is deleted";
    }
  }
}

package mstc.cloud.worker.faults.schedule;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import mstc.cloud.worker.faults.load.Scenario;
import mstc.cloud.worker.faults.load.Shape;

/**
 * All faults and requests of a run, in the order of their times. It depends only on the seed and
 * the minutes.
 */
public record Schedule(Duration length, List<PlannedFault> faults, List<PlannedRequest> requests) {
  /** The first fault and the last request leave room for a quiet beginning and a quiet end. */
  private static final Duration FIRST_FAULT = Duration.ofSeconds(15);

  private static final Duration QUIET_END = Duration.ofSeconds(3);
  private static final Duration LAST_FAULT = Duration.ofSeconds(12);
  private static final Duration LAST_REQUEST = Duration.ofSeconds(20);

  /** Long requests end within the two minutes in which all must be answered. */
  private static final Duration LAST_LONG_REQUEST = Duration.ofSeconds(60);

  private static final Set<Shape> LONG =
      EnumSet.of(Shape.AT_ONCE, Shape.STEADY, Shape.LONG_LINES, Shape.RETRIED, Shape.TIMEOUT);
  private static final List<Service> SERVICES = List.of(Service.values());
  private static final int TRIES = 30;

  public Schedule {
    faults = List.copyOf(faults);
    requests = List.copyOf(requests);
  }

  /** Draws a schedule. */
  public static Schedule draw(long seed, int minutes) {
    Duration length = Duration.ofMinutes(minutes);
    // Two sources, so that another fault does not change the requests.
    return new Schedule(
        length,
        drawFaults(new Random(seed), length),
        drawRequests(new Random(~seed), seed, length));
  }

  private static List<PlannedRequest> drawRequests(Random random, long seed, Duration length) {
    List<PlannedRequest> requests = new ArrayList<>();
    Duration at = Duration.ofSeconds(1);
    while (at.compareTo(length.minus(LAST_REQUEST)) < 0) {
      boolean late = at.compareTo(length.minus(LAST_LONG_REQUEST)) > 0;
      List<Shape> allowed =
          Arrays.stream(Shape.values()).filter(shape -> !late || !LONG.contains(shape)).toList();
      String request = "r%04d".formatted(requests.size());
      requests.add(
          new PlannedRequest(at, request, Scenario.draw(random, seed + "-" + request, allowed)));
      at = at.plusMillis(500 + random.nextInt(4000));
    }
    return requests;
  }

  private static List<PlannedFault> drawFaults(Random random, Duration length) {
    List<PlannedFault> faults = new ArrayList<>();
    Duration at = FIRST_FAULT;
    while (at.compareTo(length.minus(LAST_FAULT)) < 0) {
      drawFault(random, at, length.minus(QUIET_END), faults).ifPresent(faults::add);
      at = at.plusMillis(3000 + random.nextInt(9000));
    }
    return faults;
  }

  /** One that does not overlap with another that needs the same; empty if none is found. */
  private static Optional<PlannedFault> drawFault(
      Random random, Duration at, Duration end, List<PlannedFault> others) {
    for (int i = 0; i < TRIES; i++) {
      PlannedFault drawn = drawFault(random, at, end);
      boolean clashes =
          others.stream()
              .anyMatch(other ->
                  other.end().compareTo(drawn.begin()) >= 0
                      && !Collections.disjoint(other.fault().holds(), drawn.fault().holds()));
      if (!clashes) {
        return Optional.of(drawn);
      }
    }
    return Optional.empty();
  }

  private static PlannedFault drawFault(Random random, Duration at, Duration end) {
    int replica = random.nextInt(Fault.REPLICAS);
    int drawn = random.nextInt(100);
    if (drawn < 14) {
      return lasting(random, at, end, 2, 25, new Fault.WorkerKilled(replica, random.nextBoolean()));
    } else if (drawn < 26) {
      return lasting(random, at, end, 5, 60, new Fault.WorkerStopped(replica));
    } else if (drawn < 36) {
      return lasting(
          random, at, end, 3, 20, new Fault.WorkerTerminated(replica, random.nextBoolean()));
    } else if (drawn < 70) {
      return drawNetwork(random, at, end, replica);
    } else if (drawn < 75) {
      return lasting(random, at, end, 2, 15, new Fault.BrokerKilled());
    } else if (drawn < 80) {
      return lasting(random, at, end, 2, 15, new Fault.StoreKilled());
    } else if (drawn < 90) {
      Fault fault = new Fault.PodTakenAway(random.nextDouble(), random.nextBoolean());
      return new PlannedFault(at, Duration.ZERO, fault);
    } else if (drawn < 95) {
      return lasting(random, at, end, 8, 28, new Fault.SpoolFilled(replica));
    } else {
      return lasting(random, at, end, 3, 8, new Fault.ReplyQueueDeleted(random.nextInt(2)));
    }
  }

  private static PlannedFault drawNetwork(Random random, Duration at, Duration end, int replica) {
    Service service = SERVICES.get(random.nextInt(SERVICES.size()));
    boolean all = random.nextInt(100) < 35;
    Trouble trouble =
        switch (random.nextInt(5)) {
          case 0 -> new Trouble.Down();
          case 1 -> new Trouble.BlackHole();
          case 2 -> new Trouble.Reset();
          case 3 -> new Trouble.Slow(100 + random.nextInt(1400));
          default -> new Trouble.Narrow(40 + random.nextInt(400));
        };
    Fault fault =
        all
            ? Fault.Network.ofAll(service, trouble)
            : new Fault.Network(service, List.of(replica), trouble);
    return trouble instanceof Trouble.Reset
        ? lasting(random, at, end, 1, 5, fault)
        : lasting(random, at, end, 3, 40, fault);
  }

  private static PlannedFault lasting(
      Random random, Duration at, Duration end, int fromSeconds, int toSeconds, Fault fault) {
    Duration length =
        Duration.ofMillis(fromSeconds * 1000L + random.nextInt((toSeconds - fromSeconds) * 1000));
    Duration longest = end.minus(at);
    return new PlannedFault(at, length.compareTo(longest) > 0 ? longest : length, fault);
  }
}

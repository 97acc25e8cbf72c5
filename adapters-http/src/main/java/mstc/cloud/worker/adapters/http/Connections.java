package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.adapters.http.HttpSettings.Limits;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * The connections of clients, within the limits on their number and on the time that a request may
 * take to arrive. Jetty bounds neither the connections of one address, nor a request that arrives
 * byte by byte.
 *
 * <p>Where a connection would be one too many, the one gives way that has waited longest without a
 * whole request. So whoever sends a request at once is answered, no matter how many others hold
 * connections open and send nothing, or little.
 */
final class Connections {
  private final Limits limits;

  /** All that are open. */
  private final Set<Connection> open = new HashSet<>();

  /** Those of them without a whole request, the one that has been so for longest first. */
  private final Set<Connection> waiting = new LinkedHashSet<>();

  private final Map<InetAddress, Integer> perAddress = new HashMap<>();
  private final Map<Cut, Long> cuts = new EnumMap<>(Cut.class);

  /** Why the server closed a connection that its client wanted to keep. */
  enum Cut {
    /** Its request took too long to arrive. */
    LATE,
    /** There were too many connections. */
    CROWDED
  }

  private enum Phase {
    /** Between two requests. */
    IDLE,
    /** A request arrives; a connection that was just opened counts as such. */
    ARRIVING,
    /** Its headers are there and its body is read; whoever reads it keeps the deadline. */
    READING,
    /** The whole request is there, and its response is not. */
    IN_PROGRESS,
    CLOSED
  }

  Connections(Limits limits) {
    this.limits = limits;
  }

  synchronized int count() {
    return open.size();
  }

  /** The requests that have arrived and are not answered. */
  synchronized int requestsInProgress() {
    return open.size() - waiting.size();
  }

  synchronized long cuts(Cut reason) {
    return cuts.getOrDefault(reason, 0L);
  }

  /** The connection that a request came by. */
  static Connection of(Request request) {
    EndPoint endPoint = request.getConnectionMetaData().getConnection().getEndPoint();
    while (endPoint instanceof EndPoint.Wrapper wrapper) {
      endPoint = wrapper.unwrap();
    }
    return (Connection) endPoint;
  }

  /** What Jetty reads and writes for a client that has connected. */
  Connection accept(
      SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler)
      throws IOException {
    if (!(channel.getRemoteAddress() instanceof InetSocketAddress client)) {
      throw new ClosedChannelException();
    }
    return new Connection(channel, selector, key, scheduler, client.getAddress());
  }

  /** A client's connection. Its phase is guarded by the lock of all connections. */
  final class Connection extends SocketChannelEndPoint {
    private final InetAddress client;
    private final Scheduler scheduler;
    private Phase phase = Phase.ARRIVING;
    private long deadline;
    private Scheduler.@Nullable Task cutter;

    private Connection(
        SocketChannel channel,
        ManagedSelector selector,
        SelectionKey key,
        Scheduler scheduler,
        InetAddress client) {
      super(channel, selector, key, scheduler);
      this.client = client;
      this.scheduler = scheduler;
    }

    @Override
    public void onOpen() {
      super.onOpen();
      admit().ifPresent(Connection::close);
    }

    @Override
    public int fill(ByteBuffer buffer) throws IOException {
      int filled = super.fill(buffer);
      if (filled > 0) {
        bytesArrived();
      }
      return filled;
    }

    @Override
    public void onClose(@Nullable Throwable cause) {
      forget();
      super.onClose(cause);
    }

    /**
     * The headers of a request are there, and its body is about to be read.
     *
     * @return by when the body must have arrived, as {@link System#nanoTime} counts
     */
    long beginReading() {
      synchronized (Connections.this) {
        if (phase == Phase.IDLE) {
          // The request came together with the one before it.
          arrivalBegins();
        }
        cancelCutter();
        if (phase == Phase.ARRIVING) {
          phase = Phase.READING;
        }
        return deadline;
      }
    }

    /** The whole request is there: from now on it may take any time. */
    void requestArrived() {
      synchronized (Connections.this) {
        if (phase == Phase.READING) {
          phase = Phase.IN_PROGRESS;
          waiting.remove(this);
        }
      }
    }

    /** The response is written, or has failed. */
    void requestEnded() {
      synchronized (Connections.this) {
        if (phase != Phase.CLOSED) {
          phase = Phase.IDLE;
          waiting.add(this);
        }
      }
    }

    /** Its body did not arrive in time. */
    void bodyIsLate() {
      synchronized (Connections.this) {
        cuts.merge(Cut.LATE, 1L, Long::sum);
      }
    }

    /** The connection that must be closed for this one, which may be itself. */
    private Optional<Connection> admit() {
      synchronized (Connections.this) {
        open.add(this);
        waiting.add(this);
        int ofClient = perAddress.merge(client, 1, Integer::sum);
        arrivalBegins();
        boolean clientHasTooMany = ofClient > limits.connectionsPerAddress();
        if (!clientHasTooMany && open.size() <= limits.connections()) {
          return Optional.empty();
        }
        cuts.merge(Cut.CROWDED, 1L, Long::sum);
        Optional<Connection> longest =
            waiting.stream()
                .filter(other -> !clientHasTooMany || other.client.equals(client))
                .findFirst();
        longest.ifPresent(Connection::forget);
        return longest;
      }
    }

    private void bytesArrived() {
      synchronized (Connections.this) {
        if (phase == Phase.IDLE) {
          arrivalBegins();
        }
      }
    }

    private void arrivalBegins() {
      phase = Phase.ARRIVING;
      deadline = System.nanoTime() + limits.arrival().toNanos();
      cutter = scheduler.schedule(this::cut, limits.arrival().toNanos(), TimeUnit.NANOSECONDS);
    }

    private void cut() {
      synchronized (Connections.this) {
        if (phase != Phase.ARRIVING || System.nanoTime() - deadline < 0) {
          return;
        }
        cuts.merge(Cut.LATE, 1L, Long::sum);
      }
      close();
    }

    private void forget() {
      synchronized (Connections.this) {
        phase = Phase.CLOSED;
        cancelCutter();
        waiting.remove(this);
        if (open.remove(this)) {
          perAddress.computeIfPresent(client, (address, count) -> count > 1 ? count - 1 : null);
        }
      }
    }

    private void cancelCutter() {
      if (cutter != null) {
        cutter.cancel();
        cutter = null;
      }
    }
  }
}

package mstc.cloud.worker.adapters.k8s;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** A script's streams in real time: while nobody reads one, no more of it comes than has room. */
final class ScriptedLogSource implements LogSource {
  private static final long POLL_NANOS = 20_000_000;

  private final ScriptedKubelet kubelet;

  ScriptedLogSource(ScriptedKubelet kubelet) {
    this.kubelet = kubelet;
  }

  @Override
  public InputStream open(String pod, String container, boolean follow, Optional<Instant> since) {
    synchronized (kubelet) {
      return new RealTime(kubelet.open(Instant.now(), follow, since));
    }
  }

  @Override
  public Optional<Instant> newestFileBegins(String pod, String container) {
    synchronized (kubelet) {
      return kubelet.newestFileBegins(Instant.now());
    }
  }

  private final class RealTime extends InputStream {
    private final ScriptedKubelet.Stream stream;
    private byte[] given = new byte[0];
    private int at;
    private volatile boolean closed;

    RealTime(ScriptedKubelet.Stream stream) {
      this.stream = stream;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      synchronized (kubelet) {
        stream.leaveUnread(Instant.now());
      }
      while (at == given.length) {
        if (closed) {
          throw new IOException("closed");
        }
        boolean over;
        synchronized (kubelet) {
          given = stream.read(Instant.now());
          over = stream.isOver();
        }
        at = 0;
        if (given.length == 0) {
          if (over) {
            return -1;
          }
          LockSupport.parkNanos(POLL_NANOS);
        }
      }
      int count = Math.min(length, given.length - at);
      System.arraycopy(given, at, bytes, offset, count);
      at += count;
      return count;
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}

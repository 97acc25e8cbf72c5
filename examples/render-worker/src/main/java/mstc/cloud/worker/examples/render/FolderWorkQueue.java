package mstc.cloud.worker.examples.render;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.Handling;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.wire.ReplyJson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder as a queue: requests are its files {@code requests/<id>.json}, oldest first, and replies
 * are {@code replies/<id>.json}. The id is the request's idempotency key.
 *
 * <p>A worker claims a file by moving it to a folder of its own, which only one worker can.
 */
final class FolderWorkQueue implements WorkQueue {
  private static final Logger LOG = LoggerFactory.getLogger(FolderWorkQueue.class);
  private static final String SUFFIX = ".json";
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private final Path requests;
  private final Path replies;
  private final Path rejected;
  private final Path claims;
  private final Function<String, ParsedRequest> parser;
  private final ScheduledExecutorService looks = Executors.newSingleThreadScheduledExecutor();
  private final AtomicInteger inHand = new AtomicInteger();
  private int demand;
  private volatile boolean closed;

  /**
   * @param claims this worker's own folder, on the file system of the queue; what an earlier run
   *     left there is delivered again
   */
  FolderWorkQueue(Path folder, Path claims, Function<String, ParsedRequest> parser) {
    this.requests = folder.resolve("requests");
    this.replies = folder.resolve("replies");
    this.rejected = folder.resolve("rejected");
    this.claims = claims;
    this.parser = parser;
  }

  @Override
  public void open(DeliveryHandler handler) {
    try {
      for (Path each : List.of(requests, replies, rejected, claims)) {
        Files.createDirectories(each);
      }
      for (Path left : files(claims)) {
        move(left, requests.resolve(left.getFileName()));
      }
    } catch (IOException e) {
      throw WorkQueueException.permanent("the queue's folders cannot be used: " + e, e);
    }
    var _ = looks.scheduleWithFixedDelay(() -> look(handler), 0, 200, TimeUnit.MILLISECONDS);
  }

  /** Called periodically, as network file systems do not report new files. */
  private void look(DeliveryHandler handler) {
    try {
      for (Path request : waiting()) {
        take(request, handler);
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("Cannot look for requests: {}", e.toString());
    }
  }

  private List<Path> waiting() throws IOException {
    record Waiting(Path path, long sinceMillis) {}
    return files(requests).stream()
        .filter(path -> path.toString().endsWith(SUFFIX))
        .map(path -> new Waiting(path, path.toFile().lastModified()))
        .filter(waiting -> waiting.sinceMillis() <= System.currentTimeMillis())
        .sorted(Comparator.comparingLong(Waiting::sinceMillis))
        .map(Waiting::path)
        .toList();
  }

  /** Synchronized, so that nothing more is taken once {@link #demand} has returned. */
  private synchronized void take(Path request, DeliveryHandler handler) throws IOException {
    Path claim = claims.resolve(request.getFileName());
    if (!closed && inHand.get() < demand && move(request, claim)) {
      inHand.incrementAndGet();
      Thread.startVirtualThread(() -> handle(claim, handler));
    }
  }

  private void handle(Path claim, DeliveryHandler handler) {
    try {
      var id = Optional.of(claim.getFileName().toString().replaceFirst(SUFFIX + "$", ""));
      ParsedRequest request = parser.apply(new String(Files.readAllBytes(claim), UTF_8));
      // Nothing marks a file that was moved back, so each may have been delivered before.
      Delivery delivery = new Delivery(request, id, Optional.empty(), id, true, Optional.empty());
      Disposition disposition = handler.handle(delivery, new Claim());
      if (!closed) {
        settle(claim, disposition);
      }
    } catch (IOException | RuntimeException e) {
      LOG.error("{} stays claimed until the next start", claim, e);
    } finally {
      inHand.decrementAndGet();
    }
  }

  private void settle(Path claim, Disposition disposition) throws IOException {
    Path request = requests.resolve(claim.getFileName());
    switch (disposition) {
      case Disposition.Acknowledge() -> Files.delete(claim);
      case Disposition.Requeue() -> move(claim, request);
      case Disposition.Postpone() ->
          move(Files.setLastModifiedTime(claim, FileTime.from(Instant.now().plus(PAUSE))), request);
      case Disposition.DeadLetter(String reason) -> {
        Files.writeString(rejected.resolve(claim.getFileName() + ".reason"), reason);
        move(claim, rejected.resolve(claim.getFileName()));
      }
    }
  }

  @Override
  public synchronized void demand(int deliveries) {
    demand = deliveries;
  }

  @Override
  public ReplyReceipt reply(ReplyAddress address, Reply reply) {
    Path file = replies.resolve(address.queue() + SUFFIX);
    try {
      Path next = replies.resolve("." + address.queue() + ".next");
      move(Files.write(next, new ReplyJson().toBytes(reply)), file);
      return ReplyReceipt.CONFIRMED;
    } catch (IOException e) {
      throw WorkQueueException.retryable("the reply " + file + " is not written: " + e, e);
    }
  }

  @Override
  public boolean isConnected() {
    return Files.isWritable(requests) && Files.isWritable(replies);
  }

  /** {@inheritDoc} What is not settled by then is delivered again at the next start. */
  @Override
  public void close() {
    closed = true;
    looks.shutdownNow();
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  /** False if there is no such file: another worker was faster. */
  private static boolean move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** A file that its handler has; it takes room whatever it waits for. */
  private final class Claim implements Handling {
    @Override
    public boolean isVoid() {
      return closed;
    }

    @Override
    public boolean stepAside() {
      return false;
    }

    @Override
    public boolean stepIn() {
      return true;
    }
  }
}

package mstc.cloud.worker.application.reply;

import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.RequestDigest;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.StoredObject;

/**
 * A job's log object as the record of its reply: it outlives the job's record in the runtime and
 * can answer again alone.
 *
 * @param digest of the request that was run
 * @param reply that was given
 */
public record LogRecord(RequestDigest digest, Reply reply) {
  /**
   * The most that a reply takes in an object's metadata. S3 allows 2 KB of it; the rest is for the
   * digest and the keys.
   */
  public static final int MAX_REPLY_BYTES = 1536;

  private static final String CONTENT_TYPE = "text/plain; charset=utf-8";
  private static final String DIGEST_KEY = "mstc-request-sha256";
  private static final String REPLY_KEY = "mstc-reply";

  /**
   * The record of a reply, shortened to what an object's metadata can hold, so that a client is
   * told the same by the worker and by the store.
   */
  public static LogRecord of(RequestDigest digest, Reply reply, ReplyFormat format) {
    String text = format.format(reply, MAX_REPLY_BYTES);
    return new LogRecord(
        digest,
        format
            .parse(text)
            .orElseThrow(() -> new IllegalStateException("unreadable reply: " + text)));
  }

  /**
   * The record in the store; empty where there is no log object, or one that somebody else put
   * there.
   */
  public static Optional<LogRecord> find(ObjectStore store, ReplyFormat format, Job job) {
    return store.stat(job.logLocation()).flatMap(object -> read(object, format));
  }

  /** The reply to a request whose log this is, or would be: the one that was run, or another. */
  public Reply replyTo(RequestDigest request) {
    return digest.equals(request) ? reply : ReusedKey.rejection();
  }

  private static Optional<LogRecord> read(StoredObject object, ReplyFormat format) {
    Optional<RequestDigest> digest =
        Optional.ofNullable(object.metadata().get(DIGEST_KEY)).flatMap(RequestDigest::parse);
    Optional<Reply> reply =
        Optional.ofNullable(object.metadata().get(REPLY_KEY)).flatMap(format::parse);
    return digest.flatMap(value -> reply.map(answer -> new LogRecord(value, answer)));
  }

  /** What is stored with the log. */
  public ObjectAttributes attributes(ReplyFormat format) {
    return new ObjectAttributes(
        CONTENT_TYPE,
        Map.of(DIGEST_KEY, digest.value(), REPLY_KEY, format.format(reply, MAX_REPLY_BYTES)));
  }
}

package mstc.cloud.worker.application.reply;

import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.request.RequestDigest;
import mstc.cloud.worker.domain.store.LogStore;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.StoredObject;

/**
 * A job's log object as the record of its reply: it outlives the job's record in the runtime, and
 * is enough to answer the request again.
 *
 * @param digest of the request that was run
 * @param reply that was given
 */
public record StoredReply(RequestDigest digest, Reply reply) {
  /**
   * The most that a reply takes in an object's metadata. S3 allows 2 KB of it; the rest is for the
   * digest and the keys.
   */
  public static final int MAX_REPLY_BYTES = 1536;

  private static final String CONTENT_TYPE = "text/plain; charset=utf-8";
  private static final String DIGEST_KEY = "mstc-request-sha256";
  private static final String REPLY_KEY = "mstc-reply";

  /**
   * The record of a reply, shortened to what an object's metadata can hold, so that a client gets
   * the same reply from the worker and from the store.
   */
  public static StoredReply of(RequestDigest digest, Reply reply, ReplyFormat format) {
    String text = format.format(reply, MAX_REPLY_BYTES);
    return new StoredReply(
        digest,
        format
            .parse(text)
            .orElseThrow(() -> new IllegalStateException("unreadable reply: " + text)));
  }

  /**
   * The record in the store; empty if there is no log object, or somebody else put it there and it
   * does not tell of this job and this log.
   */
  public static Optional<StoredReply> find(LogStore store, ReplyFormat format, Job job) {
    return store
        .stat(job.logLocation())
        .flatMap(object -> read(object, format))
        .filter(record -> record.isOf(job));
  }

  private boolean isOf(Job job) {
    return reply.job().filter(job.name()::equals).isPresent()
        && reply.log().map(StoredLog::location).stream().allMatch(job.logLocation()::equals);
  }

  /**
   * The reply to a request whose job has this log's name: the stored one, or a rejection if another
   * request was run.
   */
  public Reply replyTo(RequestDigest request) {
    return digest.equals(request) ? reply : ReusedKey.rejection();
  }

  private static Optional<StoredReply> read(StoredObject object, ReplyFormat format) {
    Optional<RequestDigest> digest =
        Optional.ofNullable(object.metadata().get(DIGEST_KEY)).flatMap(RequestDigest::parse);
    Optional<Reply> reply =
        Optional.ofNullable(object.metadata().get(REPLY_KEY)).flatMap(format::parse);
    return digest.flatMap(value -> reply.map(answer -> new StoredReply(value, answer)));
  }

  /** What is stored with the log. */
  public ObjectAttributes attributes(ReplyFormat format) {
    return new ObjectAttributes(
        CONTENT_TYPE,
        Map.of(DIGEST_KEY, digest.value(), REPLY_KEY, format.format(reply, MAX_REPLY_BYTES)));
  }
}

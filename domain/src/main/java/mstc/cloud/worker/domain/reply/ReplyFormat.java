package mstc.cloud.worker.domain.reply;

import java.util.Optional;

/** Writes a reply as text that a log object keeps in its metadata, and reads it again. */
public interface ReplyFormat {

  /**
   * The reply as printable ASCII without leading or trailing spaces.
   *
   * @param maxBytes at least 1,536; if the reply is longer, warnings are dropped and long texts are
   *     cut
   */
  String format(Reply reply, int maxBytes);

  /** The reply that was formatted; empty if the text is not a reply. */
  Optional<Reply> parse(String text);
}

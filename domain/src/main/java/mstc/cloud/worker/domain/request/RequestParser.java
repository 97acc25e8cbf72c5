package mstc.cloud.worker.domain.request;

import java.io.IOException;
import java.io.InputStream;

/** Reads requests as clients send them. Any thread. */
public interface RequestParser {

  /** What a client's bytes turn out to be. Never throws. */
  ParsedRequest read(byte[] body);

  /**
   * What a client sends. Reads at most one byte more than a request may have, and leaves the rest
   * unread.
   *
   * @throws IOException when the stream fails
   */
  ParsedRequest read(InputStream body) throws IOException;
}

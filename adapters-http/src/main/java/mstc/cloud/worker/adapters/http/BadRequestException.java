package mstc.cloud.worker.adapters.http;

import mstc.cloud.worker.domain.PrintableText;

/** A request with something that is not allowed. The message says what, and what is. */
final class BadRequestException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  BadRequestException(String message) {
    super(message);
  }

  /**
   * A value that is not allowed.
   *
   * @param allowed what is, as the end of a sentence that begins with "must be"
   */
  BadRequestException(String name, String value, String allowed) {
    super("%s: %s must be %s".formatted(name, PrintableText.quote(value), allowed));
  }
}

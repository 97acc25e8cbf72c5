package mstc.cloud.worker.domain;

/** A value that its type does not allow. The message quotes the value and says what is allowed. */
public final class InvalidValueException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String message;

  /**
   * @param value what was given; it may hold anything, as the message escapes and cuts it
   * @param allowed what is allowed instead, as the end of a sentence that begins with "must be"
   */
  public InvalidValueException(String value, String allowed) {
    super(PrintableText.quote(value) + " must be " + allowed);
    message = PrintableText.quote(value) + " must be " + allowed;
  }

  /** The value and what is allowed, as the rest of a sentence that begins with the field. */
  @Override
  public String getMessage() {
    return message;
  }
}

package mstc.cloud.worker.s3protocol;

/** The server responded to a request with an error. */
public final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Refusal refusal;

  /**
   * @param cause the client library's own exception, whose message this one has, too
   */
  public RefusedException(Refusal refusal, Throwable cause) {
    super(cause.getMessage(), cause);
    this.refusal = refusal;
  }

  Refusal refusal() {
    return refusal;
  }

  int status() {
    return refusal.status();
  }

  String code() {
    return refusal.code();
  }
}

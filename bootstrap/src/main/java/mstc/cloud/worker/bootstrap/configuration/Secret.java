package mstc.cloud.worker.bootstrap.configuration;

/** A password or key: its text is only had by asking for it, so that it gets into no log. */
public record Secret(String value) {
  static final String MASK = "****";

  /** Never the secret: four stars, whatever its length. */
  @Override
  public String toString() {
    return MASK;
  }
}

package mstc.cloud.worker.bootstrap.configuration;

/** A password or key: its text has to be asked for, so that it gets into no log. */
public record Secret(String value) {
  static final String MASK = "****";

  /** Never the secret: four stars, whatever its length. */
  @Override
  public String toString() {
    return MASK;
  }
}

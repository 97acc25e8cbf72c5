package mstc.cloud.worker.faults.schedule;

/** What the worker needs, and reaches through a proxy. */
public enum Service {
  API_SERVER("API server"),
  BROKER("broker"),
  STORE("store");

  private final String words;

  Service(String words) {
    this.words = words;
  }

  @Override
  public String toString() {
    return words;
  }
}

package mstc.cloud.worker.bootstrap.configuration;

import java.nio.file.Path;

/** Where a value came from, in words. */
record Origin(String description) {
  static final Origin DEFAULT = new Origin("default");
  static final Origin OVERRIDE = new Origin("override");

  static Origin variable(String name) {
    return new Origin("variable " + name);
  }

  /**
   * @param line the first line is 1
   */
  static Origin line(Path file, int line) {
    return new Origin(file + ":" + line);
  }

  @Override
  public String toString() {
    return description;
  }
}

package mstc.cloud.worker.faults.schedule;

/** What a proxy does to connections. */
public sealed interface Trouble {
  /** Whether nothing gets through. */
  boolean cuts();

  /** Connections end, and new ones are refused. */
  record Down() implements Trouble {
    @Override
    public boolean cuts() {
      return true;
    }

    @Override
    public String toString() {
      return "cut";
    }
  }

  /** Connections stay, and nothing gets through. */
  record BlackHole() implements Trouble {
    @Override
    public boolean cuts() {
      return true;
    }

    @Override
    public String toString() {
      return "a black hole";
    }
  }

  /** Connections are reset as soon as anything passes through them. */
  record Reset() implements Trouble {
    @Override
    public boolean cuts() {
      return true;
    }

    @Override
    public String toString() {
      return "reset";
    }
  }

  /** Everything arrives late. */
  record Slow(int millis) implements Trouble {
    @Override
    public boolean cuts() {
      return false;
    }

    @Override
    public String toString() {
      return "slow by " + millis + " ms";
    }
  }

  /** Only little gets through at a time. */
  record Narrow(int kilobytesPerSecond) implements Trouble {
    @Override
    public boolean cuts() {
      return false;
    }

    @Override
    public String toString() {
      return "limited to " + kilobytesPerSecond + " kB/s";
    }
  }
}

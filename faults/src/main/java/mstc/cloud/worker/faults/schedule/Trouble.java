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

  /** Connections stay, and nothing comes through. */
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

  /** Connections are reset as soon as something comes through them. */
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

  /** What comes through comes late. */
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

  /** Little comes through at a time. */
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

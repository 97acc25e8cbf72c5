package mstc.cloud.worker.bootstrap.cli;

import mstc.cloud.worker.bootstrap.banner.Banner;
import picocli.CommandLine.IVersionProvider;

/** The version that was built. */
public final class VersionProvider implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {"MSTC Cloud Worker " + Banner.version()};
  }
}

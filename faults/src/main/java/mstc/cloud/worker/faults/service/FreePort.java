package mstc.cloud.worker.faults.service;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A port on loopback that nothing listens on at the moment, a different one each time. */
public final class FreePort {
  private static final Set<Integer> FOUND = ConcurrentHashMap.newKeySet();

  private FreePort() {}

  /** Finds one. */
  public static int find() throws IOException {
    while (true) {
      try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        if (FOUND.add(socket.getLocalPort())) {
          return socket.getLocalPort();
        }
      }
    }
  }
}

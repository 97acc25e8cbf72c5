package mstc.cloud.worker.embedded;

import org.apache.qpid.server.model.Broker;
import org.apache.qpid.server.model.Protocol;
import org.apache.qpid.server.model.Transport;
import org.apache.qpid.server.model.port.AmqpPort;
import org.apache.qpid.server.plugin.ProtocolEngineCreator;
import org.apache.qpid.server.protocol.v0_8.ProtocolEngineCreator_0_9_1;
import org.apache.qpid.server.transport.AggregateTicker;
import org.apache.qpid.server.transport.ProtocolEngine;
import org.apache.qpid.server.transport.ServerNetworkConnection;

/**
 * Gives the broker's connections RabbitMQ's dialect of AMQP 0-9-1.
 *
 * <p>Public only for the service loader that finds it; nothing else uses it.
 */
public final class RabbitDialectCreator implements ProtocolEngineCreator {
  private static final ProtocolEngineCreator STANDARD = ProtocolEngineCreator_0_9_1.getInstance();

  /** For the service loader. */
  public RabbitDialectCreator() {}

  /** Makes the broker use this one instead of its own, which has the same protocol version. */
  static void replaceStandard() {
    System.setProperty(
        "qpid.plugin.disabled:protocolenginecreator." + STANDARD.getType(), Boolean.toString(true));
  }

  @Override
  public String getType() {
    return "AMQP_0_9_1_RABBITMQ";
  }

  @Override
  public Protocol getVersion() {
    return STANDARD.getVersion();
  }

  @Override
  public byte[] getHeaderIdentifier() {
    return STANDARD.getHeaderIdentifier();
  }

  @Override
  @SuppressWarnings("NullAway") // The interface says nothing of nulls; none is suggested.
  public byte[] getSuggestedAlternativeHeader() {
    return STANDARD.getSuggestedAlternativeHeader();
  }

  @Override
  public ProtocolEngine newProtocolEngine(
      Broker<?> broker,
      ServerNetworkConnection network,
      AmqpPort<?> port,
      Transport transport,
      long id,
      AggregateTicker aggregateTicker) {
    var connection =
        new RabbitDialectConnection(
            broker, network, port, transport, getVersion(), id, aggregateTicker);
    connection.create();
    return connection;
  }
}

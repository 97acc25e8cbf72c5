package mstc.cloud.worker.faults.schedule;

import java.time.Duration;
import mstc.cloud.worker.faults.load.Scenario;

/**
 * A request and its time.
 *
 * @param at from the run's beginning
 * @param request its job name, which identifies it
 */
public record PlannedRequest(Duration at, String request, Scenario scenario) {}

/** Servers and workers in their own processes, for a run and for tests of the whole worker. */
@NullMarked
package mstc.cloud.worker.faults.service;

import org.jspecify.annotations.NullMarked;

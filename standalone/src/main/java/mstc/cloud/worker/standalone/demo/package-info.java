/** The built-in demo: the job it runs, and its inputs. */
@NullMarked
package mstc.cloud.worker.standalone.demo;

import org.jspecify.annotations.NullMarked;

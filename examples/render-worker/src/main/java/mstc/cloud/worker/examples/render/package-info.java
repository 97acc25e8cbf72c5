/** A worker of another kind: it renders frames of scenes, and takes requests from a folder. */
@NullMarked
package mstc.cloud.worker.examples.render;

import org.jspecify.annotations.NullMarked;

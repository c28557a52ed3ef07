/*
 * stop_by_signal.h - the emergency stop of all bots when the database takes no command.
 */
#ifndef CLI_STOP_BY_SIGNAL_H
#define CLI_STOP_BY_SIGNAL_H

/*
 * SIGUSR1 to the worker that holds the database at path, and the stop file (stop_mark.h) for
 * one that is away or out of reach of signals. Says what became of it, with why: the reason
 * that the command could not be queued. Nothing of this process may have the database open.
 * Returns the exit code: 0 when the worker was told, or will be when it starts.
 */
int stop_by_signal(const char *path, const char *why);

#endif

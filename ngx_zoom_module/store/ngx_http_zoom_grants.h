/*
 * The grants that outlive a process: queries of the database that zoom_store
 * names, answered by a thread, so that no worker waits for a disk; or of Redis,
 * which hosts share.
 */

#ifndef _NGX_HTTP_ZOOM_GRANTS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_GRANTS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_sqlite.h"


typedef struct ngx_http_zoom_grants_ask_s  ngx_http_zoom_grants_ask_t;

typedef void (*ngx_http_zoom_grants_pt)(ngx_http_zoom_grants_ask_t *ask);


struct ngx_http_zoom_grants_ask_s {
    ngx_http_zoom_grant_query_t  query;      /* with its result, later */
    ngx_http_zoom_grants_pt      handler;    /* NULL: nobody waits any more */
    void                        *data;

    ngx_queue_t                  queue;      /* its own */
    unsigned                     over:1;     /* the worker exits: it is freed by
                                                whoever leaves it */
};


/* Told whenever the numbers of grants may have changed. */

typedef void (*ngx_http_zoom_grants_count_pt)(
    const ngx_http_zoom_grant_count_t *counts, ngx_uint_t n);


/*
 * In a worker; "store" may be NULL.  "unwritten" is of all workers, and 1 while
 * what is to be stored can't be: Zoom is to rotate no token then, so those that
 * are read prove first that it can.  The database is opened in a thread; what
 * that meets with is logged.
 */

ngx_int_t ngx_http_zoom_grants_init_process(
    const ngx_http_zoom_store_conf_t *store,
    ngx_http_zoom_grants_count_pt counted, ngx_atomic_t *unwritten,
    ngx_log_t *log);
void ngx_http_zoom_grants_exit_process(void);

/* A new one, zeroed, for ngx_http_zoom_grants_post(); NULL: no memory. */
ngx_http_zoom_grants_ask_t *ngx_http_zoom_grants_ask(
    ngx_http_zoom_grant_op_e what);

/*
 * Takes the ask, and wipes and frees it in the end.  NGX_OK: its handler will
 * be called, once, from the event loop.  NGX_ERROR: there is no store, or too
 * many wait for it (the ask is gone).  What fails in the database is logged.
 */

ngx_int_t ngx_http_zoom_grants_post(ngx_http_zoom_grants_ask_t *ask);

/* Nobody waits for it: it is done, but the handler is not called. */
void ngx_http_zoom_grants_leave(ngx_http_zoom_grants_ask_t *ask);

/* Wipes and frees one that was not posted. */
void ngx_http_zoom_grants_free(ngx_http_zoom_grants_ask_t *ask);

/* Whether other hosts have the same grants. */
ngx_uint_t ngx_http_zoom_grants_shared(void);

/* Why the database does not work, or NULL: it does, as far as is known. */
const u_char *ngx_http_zoom_grants_trouble(void);


#endif /* _NGX_HTTP_ZOOM_GRANTS_H_INCLUDED_ */

/*
 * One mint in progress for a key, whoever waits for it: over all workers and
 * all generations of them.  Knows neither what is minted nor how.
 */

#ifndef _NGX_HTTP_ZOOM_FLIGHT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FLIGHT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_publish.h"
#include "ngx_http_zoom_store.h"
#include "ngx_http_zoom_zone.h"


typedef struct ngx_http_zoom_flight_s  ngx_http_zoom_flight_t;


/*
 * What is lent to a flight.  "run" is called when the flight is ours
 * to fly, now or after its owner died; it ends in ngx_http_zoom_flight_land().
 * "done" is called once, with the waiters still in the queue: it takes them
 * all out.  The flight is gone when it returns.
 */

typedef struct {
    void                       (*run)(ngx_http_zoom_flight_t *flight);
    void                       (*done)(ngx_http_zoom_flight_t *flight,
                                      ngx_http_zoom_result_t *result);
} ngx_http_zoom_flight_ops_t;


/* What is to be minted, flat: this is its head, the rest is the lender's. */

typedef struct {
    size_t                       size;       /* of the whole, to copy it */
    const ngx_http_zoom_flight_ops_t  *ops;
    time_t                       reuse;      /* what another host has brought */
    time_t                       min_left;   /* is that young, and has so long
                                                to live */
    unsigned                     shared:1;   /* with other hosts */
    unsigned                     never_alone:1;  /* without their leave it is
                                                not flown */
} ngx_http_zoom_job_t;


struct ngx_http_zoom_flight_s {
    ngx_queue_t                  queue;      /* in its bucket */
    ngx_queue_t                  waiters;    /* ngx_http_zoom_waiter_t */
    ngx_http_zoom_key_t          key;
    const ngx_http_zoom_job_t   *job;
    void                        *data;       /* the owner's work */
    struct ngx_http_zoom_claim_s  *claim;    /* over all hosts, or NULL */
    ngx_event_t                  event;      /* takes off from the loop */

    uint64_t                     number;
    uint32_t                     entry;      /* in the zone; none if "once" */
    zoom_error_e                 trouble;    /* of such a one */
    ngx_msec_t                   deadline;   /* of the waiters here */
    unsigned                     owner:1;
    unsigned                     background:1;   /* wanted, whoever waits */
    unsigned                     ended:1;
};


ngx_int_t ngx_http_zoom_flight_init_process(ngx_http_zoom_zone_t *zone,
    ngx_log_t *log);
void ngx_http_zoom_flight_exit_process(void);

/*
 * The flight of a key in this worker, joined or opened, in which somebody
 * waits until "deadline".  The caller puts its waiter into flight->waiters and
 * then calls ngx_http_zoom_flight_start(), which is needed once but harmless
 * on a flight that is under way.  Neither calls anything back: that happens
 * from the event loop.
 *
 * A new flight keeps a copy of "job".
 *
 * The flight of a key that is marked "once" has one waiter and is never
 * joined: it is this worker's own, and nothing of it is in the zone but how it
 * failed.
 *
 * With "rec" the store is looked at again under the lock: where it changed
 * since the caller read it (another flight than rec->published or rec->failed
 * has ended) NULL is returned with *again set, and the caller starts over.
 * NULL with *again unset: no room for another flight.
 */

ngx_http_zoom_flight_t *ngx_http_zoom_flight_join(
    const ngx_http_zoom_key_t *key, const ngx_http_zoom_record_t *rec,
    ngx_msec_t deadline, const ngx_http_zoom_job_t *job,
    ngx_uint_t *again);

void ngx_http_zoom_flight_start(ngx_http_zoom_flight_t *flight);

/*
 * The same for a flight that nobody waits for: it is flown if it is ours.
 * NULL is harmless.
 */

void ngx_http_zoom_flight_background(ngx_http_zoom_flight_t *flight);

/*
 * A waiter took itself out of the queue.  A flight of another worker's that
 * nobody here waits for any more is forgotten; our own goes on.
 */

void ngx_http_zoom_flight_leave(ngx_http_zoom_flight_t *flight);

/*
 * The last waiter is about to leave, but what the flight brings is wanted in
 * the store, until "deadline".
 */

void ngx_http_zoom_flight_keep(ngx_http_zoom_flight_t *flight,
    ngx_msec_t deadline);

/* Until when anybody, here or elsewhere, waits for our flight. */
ngx_msec_t ngx_http_zoom_flight_deadline(ngx_http_zoom_flight_t *flight);

/* Whether anybody does. */
ngx_uint_t ngx_http_zoom_flight_wanted(ngx_http_zoom_flight_t *flight);

/*
 * Our flight will be busy for so long, whoever waits: nobody else takes off
 * for its key meanwhile.
 */

void ngx_http_zoom_flight_busy(ngx_http_zoom_flight_t *flight,
    ngx_msec_t time);

/*
 * What our flight met with and tries again after: an answer for those whose
 * time is over meanwhile, wherever they are.
 */

void ngx_http_zoom_flight_meet(ngx_http_zoom_flight_t *flight,
    zoom_error_e trouble);
zoom_error_e ngx_http_zoom_flight_trouble(ngx_http_zoom_flight_t *flight);

/*
 * Our flight has ended: publishes the result, wakes other workers, hands it
 * to the waiters here and frees the flight.
 */

void ngx_http_zoom_flight_land(ngx_http_zoom_flight_t *flight,
    ngx_http_zoom_result_t *result);


#endif /* _NGX_HTTP_ZOOM_FLIGHT_H_INCLUDED_ */

/* Zoom's rate limits, kept. */

#include "zoom_limit.h"


#define ZOOM_LIMIT_DAY   86400

/* so much comes to nothing in a second's slack, microseconds */

#define ZOOM_LIMIT_LATE  20000


/* per 1000 seconds; what counts by the minute is a sixtieth of it */

static const zoom_rate_t  zoom_limit_plans[ZOOM_NPLANS][ZOOM_NLABELS] = {

    { { 4000, 6000 }, { 2000, 2000 }, { 1000, 1000 }, { 166, 1000 } },

    { { 30000, 0 }, { 20000, 0 }, { 10000, 30000 }, { 166, 30000 } },

    { { 80000, 0 }, { 60000, 0 }, { 40000, 60000 }, { 333, 60000 } }
};


zoom_rate_t
zoom_limit_rate(zoom_plan_e plan, zoom_label_e label, unsigned share)
{
    return zoom_limit_share(zoom_limit_plans[plan][label], share);
}


zoom_rate_t
zoom_limit_share(zoom_rate_t rate, unsigned share)
{
    rate.rate = (uint32_t) ((uint64_t) rate.rate * share / 100);

    if (rate.rate == 0) {
        rate.rate = 1;
    }

    if (rate.day) {
        rate.day = (uint32_t) ((uint64_t) rate.day * share / 100);

        if (rate.day == 0) {
            rate.day = 1;
        }
    }

    return rate;
}


int64_t
zoom_limit_reserve(zoom_limit_t *l, const zoom_rate_t *rate, int64_t now,
    int64_t seconds, int64_t budget, zoom_slot_t *ticket)
{
    int64_t   wait;
    uint32_t  used;

    wait = zoom_limit_look(l, rate, now, seconds, &used);

    if (wait > 0 && (wait > budget || (rate->day && used >= rate->day))) {
        return wait;
    }

    ticket->slot = now + wait;
    ticket->shift = l->shift;
    ticket->gap = 1100 * (int64_t) ZOOM_LIMIT_SECOND / rate->rate;

    l->next = ticket->slot + ticket->gap;
    l->day = seconds / ZOOM_LIMIT_DAY;
    l->used = used + 1;

    return 0;
}


int64_t
zoom_limit_look(const zoom_limit_t *l, const zoom_rate_t *rate, int64_t now,
    int64_t seconds, uint32_t *used)
{
    *used = (l->day == seconds / ZOOM_LIMIT_DAY) ? l->used : 0;

    if (rate->day && *used >= rate->day) {
        return (ZOOM_LIMIT_DAY - seconds % ZOOM_LIMIT_DAY)
               * ZOOM_LIMIT_SECOND;
    }

    return (l->next > now) ? l->next - now : 0;
}


int64_t
zoom_limit_due(const zoom_limit_t *l, const zoom_slot_t *ticket,
    int64_t now)
{
    return ticket->slot + (l->shift - ticket->shift) - now;
}


void
zoom_limit_go(zoom_limit_t *l, zoom_slot_t *ticket, int64_t now)
{
    int64_t  late;

    ticket->went = now;

    late = -zoom_limit_due(l, ticket, now);

    if (late > ZOOM_LIMIT_LATE) {
        l->shift += late;
        l->next += late;
    }
}


void
zoom_limit_sent(zoom_limit_t *l, const zoom_slot_t *ticket, int64_t now)
{
    int64_t  lag, more;

    lag = now - ticket->went;

    if (now - l->lagged > ZOOM_LIMIT_SECOND) {
        l->lag = 0;
    }

    if (lag <= ZOOM_LIMIT_LATE || lag <= l->lag) {
        return;
    }

    more = lag - l->lag;
    more = (more < ticket->gap) ? more : ticket->gap;

    l->lag += more;
    l->lagged = now;

    l->shift += more;
    l->next += more;
}


void
zoom_limit_close(zoom_limit_t *l, int64_t now, int64_t wait)
{
    int64_t  open, delta;

    /* several refusals in a row tell of one and the same closing */

    open = (l->closed > now) ? l->closed : now;
    delta = now + wait - open;

    if (delta <= 0) {
        return;
    }

    /* slots still to come are all after "open": they keep their distances */

    l->closed = now + wait;
    l->shift += delta;
    l->next = ((l->next > now) ? l->next : now) + delta;
}

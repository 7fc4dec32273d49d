/* Consistent hashing with several probes. */

#include "zoom_ring.h"

#include "zoom_hash.h"


/* All hosts have the same: no secret, and no defence against chosen keys. */

static const unsigned char  zoom_ring_key[ZOOM_HASH_KEY_LEN] = {
    'z', 'o', 'o', 'm', ' ', 'r', 'i', 'n', 'g'
};


static uint64_t zoom_ring_mix(uint64_t x);
static uint32_t zoom_ring_after(const zoom_ring_t *ring, uint64_t at);


/* A permutation (Stafford's variant 13, the end of splitmix64). */

static uint64_t
zoom_ring_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9;
    x ^= x >> 27;
    x *= 0x94d049bb133111eb;
    x ^= x >> 31;

    return x;
}


/* The i-th point of what has this hash. */

#define zoom_ring_nth(hash, i)                                                \
    zoom_ring_mix((hash) + ((uint64_t) (i) + 1) * 0x9e3779b97f4a7c15)


/*
 * The first point at "at" or behind it, or the number of points.  They lie
 * evenly, so the place is guessed, and looked for in steps that double.
 */

static uint32_t
zoom_ring_after(const zoom_ring_t *ring, uint64_t at)
{
    uint32_t  n, low, high, step, mid;

    n = *ring->n;

    if (n == 0) {
        return 0;
    }

    mid = (uint32_t) (((at >> 32) * n) >> 32);

    if (ring->points[mid].at < at) {

        for (low = mid + 1, step = 4; ; low = high, step *= 2) {
            high = (n - low > step) ? low + step : n;

            if (high == n || ring->points[high].at >= at) {
                break;
            }
        }

    } else {

        for (high = mid, step = 4; ; high = low, step *= 2) {
            low = (high > step) ? high - step : 0;

            if (low == 0 || ring->points[low].at < at) {
                break;
            }
        }
    }

    while (low < high) {
        mid = low + (high - low) / 2;

        if (ring->points[mid].at < at) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    return low;
}


void
zoom_ring_add(zoom_ring_t *ring, uint32_t member, zoom_str_t name,
    uint32_t weight)
{
    uint32_t            i, k;
    uint64_t            hash, at;
    zoom_ring_point_t  *p;

    hash = zoom_hash(zoom_ring_key, name);

    for (i = 0; i < weight; i++) {
        at = zoom_ring_nth(hash, i);
        k = zoom_ring_after(ring, at);
        p = &ring->points[k];

        memmove(p + 1, p, (*ring->n - k) * sizeof(zoom_ring_point_t));

        p->at = at;
        p->member = member;

        (*ring->n)++;
    }
}


void
zoom_ring_remove(zoom_ring_t *ring, uint32_t member, zoom_str_t name,
    uint32_t weight)
{
    uint32_t            i, k;
    uint64_t            hash, at;
    zoom_ring_point_t  *p;

    hash = zoom_hash(zoom_ring_key, name);

    for (i = 0; i < weight; i++) {
        at = zoom_ring_nth(hash, i);

        for (k = zoom_ring_after(ring, at); k < *ring->n; k++) {
            p = &ring->points[k];

            if (p->at != at) {
                break;
            }

            if (p->member == member) {
                (*ring->n)--;
                memmove(p, p + 1,
                        (*ring->n - k) * sizeof(zoom_ring_point_t));
                break;
            }
        }
    }
}


void
zoom_ring_search(const zoom_ring_t *ring, zoom_ring_search_t *search,
    zoom_str_t key)
{
    uint32_t  i, k;
    uint64_t  hash, at;

    search->n = *ring->n;
    search->visits = 0;

    if (search->n == 0) {
        return;
    }

    hash = zoom_hash(zoom_ring_key, key);

    for (i = 0; i < ZOOM_RING_PROBES; i++) {
        at = zoom_ring_nth(hash, i);
        k = zoom_ring_after(ring, at);
        k = (k == search->n) ? 0 : k;

        search->probes[i].point = k;
        search->probes[i].distance = ring->points[k].at - at;
        search->probes[i].left = search->n;
    }
}


uint32_t
zoom_ring_next(const zoom_ring_t *ring, zoom_ring_search_t *search)
{
    uint32_t  i, best, point, next;

    if (search->n == 0 || search->visits == ZOOM_RING_VISITS) {
        return ZOOM_RING_NONE;
    }

    search->visits++;
    best = ZOOM_RING_PROBES;

    for (i = 0; i < ZOOM_RING_PROBES; i++) {
        if (search->probes[i].left
            && (best == ZOOM_RING_PROBES
                || search->probes[i].distance < search->probes[best].distance))
        {
            best = i;
        }
    }

    if (best == ZOOM_RING_PROBES) {
        return ZOOM_RING_NONE;
    }

    point = search->probes[best].point;
    next = (point + 1 == search->n) ? 0 : point + 1;

    search->probes[best].distance += ring->points[next].at
                                     - ring->points[point].at;
    search->probes[best].point = next;
    search->probes[best].left--;

    return ring->points[point].member;
}

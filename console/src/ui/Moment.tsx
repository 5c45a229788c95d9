import { Tooltip } from 'antd';
import { useEffect, useState } from 'react';
import { moment, relative } from '@/lib/time';
import { usePreferences } from './preferences';

/** A time in the chosen zone, with UTC on hover. */
export function Moment({ at }: { at: string }) {
  const { zone } = usePreferences();
  return (
    <Tooltip title={`${moment(at, 'UTC')} UTC`}>
      <time dateTime={at} style={{ whiteSpace: 'nowrap' }}>
        {moment(at, zone)}
      </time>
    </Tooltip>
  );
}

/** How long ago something was; it counts on, and tells the time itself on hover. */
export function Ago({ at }: { at: string }) {
  const { zone, language } = usePreferences();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  // What has just happened is later than the last look at the clock, and still is not in the future.
  const ahead = Date.parse(at) - now;
  const isJustNow = ahead > 0 && ahead < 15_000;
  return (
    <Tooltip title={`${moment(at, zone)} (${zone})`}>
      <time dateTime={at} style={{ whiteSpace: 'nowrap' }}>
        {relative(at, isJustNow ? Date.parse(at) : now, language)}
      </time>
    </Tooltip>
  );
}

import type { ReactNode } from 'react';
import { monthName, monthsOf, weekdays } from '@/lib/calendar';
import { usePreferences } from '@/ui/preferences';

interface Props {
  from: string;
  to: string;
  /** What is shown of a day. */
  children: (date: string) => ReactNode;
}

/** The months of a range side by side, day by day. */
export function Calendar({ from, to, children }: Props) {
  const { language } = usePreferences();
  return (
    <div className="calendars">
      {monthsOf(from, to).map((month) => (
        <table key={month.key} className="calendar">
          <caption>{monthName(month.key, language)}</caption>
          <thead>
            <tr>
              {weekdays(language).map((day) => (
                <th key={day} scope="col">
                  {day}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {month.weeks.map((week) => (
              <tr key={week.find((date) => date !== null)}>
                {week.map((date, place) => (
                  // A day of another month has no date but its place.
                  <td key={date ?? place}>{date === null ? null : children(date)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </div>
  );
}

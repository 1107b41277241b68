// Which level somebody or something gets, with what it may do.
import { Select } from "@mantine/core";
import type { Access } from "../../api/session";
import { useWords } from "../../i18n/words";
import { LEVELS } from "./queries";

interface LevelSelectProps {
  label: string;
  levels: readonly Access[];
  access: Access;
  choose: (access: Access) => void;
}

export function LevelSelect({ label, levels, access, choose }: LevelSelectProps) {
  const words = useWords().members;
  return (
    <Select
      label={label}
      description={words.deeds[access]}
      data={levels.map((level) => ({ value: level, label: words.names[level] }))}
      value={access}
      allowDeselect={false}
      onChange={(value) => choose(LEVELS.find((level) => level === value) ?? access)}
    />
  );
}
